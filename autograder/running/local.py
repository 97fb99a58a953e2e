"""Grades on this machine: one submission after the other here, or several in worker processes."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack

from autograder.errors import AuthorError, UsageError
from autograder.grading.start import start_grader
from autograder.model import Device, Job, Report
from autograder.running.plan import Plan, Tries
from autograder.running.pool import Pool

# Each takes up to 3.5 GiB of the GPU: the reference's process, a submission's, and that of one
# exercise alone, with a context of half a GiB and, for a student's two, 1 GiB of tensors.
GPU_SLOTS = 4


def cores() -> int:
    """How many processors this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # unknown to macOS
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def slots(device: Device) -> int:
    """How many submissions to grade at a time by default: one per core, a few on a GPU."""
    return min(cores(), GPU_SLOTS) if device is Device.CUDA else cores()


class LocalBackend:
    """Grades in up to so many processes; one submission alone does not pay for starting any."""

    def __init__(self, processes: int) -> None:
        self._processes = processes

    def grade(self, plan: Plan, jobs: Iterable[Job]) -> Iterator[Report]:
        """Yield a report for each job, as they are done."""
        left = iter(jobs)
        first = list(itertools.islice(left, self._processes))
        everything = itertools.chain(first, left)
        if len(first) < 2:
            yield from grade_here(plan, everything)
            return
        with Pool(plan, len(first)) as pool:
            yield from pool.grade(everything)


def grade_here(plan: Plan, jobs: Iterable[Job]) -> Iterator[Report]:
    """Grade in this process, one after the other; a grader that failed is replaced."""
    with ExitStack() as running:
        grader = None
        for job in jobs:
            tries = Tries()
            while tries.left:
                if grader is None:
                    start = start_grader(plan.course, plan.assignment, plan.settings)
                    grader = running.enter_context(start)
                try:
                    report = grader.grade(job)
                    break
                except (AuthorError, UsageError):
                    raise
                except Exception as failure:  # the engine's own: one submission, not the class
                    tries.note(failure)
                    grader = None
                    running.close()
            else:
                report = tries.not_graded(plan, job)
            yield report

"""Grades one assignment's batch into a results folder: skips what is done, loses nothing.

A result stands for a submission's digest, the graders' digest, a seed and a device; where all of
these are the same there is nothing to do, so that a run that was cut off goes on where it stopped.
Reports are written as they come and not kept.
"""

from __future__ import annotations

import itertools
import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import filelock

from autograder.course import Course
from autograder.engine import grade_all
from autograder.errors import (
    AuthorError,
    AutograderError,
    InfrastructureError,
    UsageError,
)
from autograder.model import Device, Job, Outcome, Report, Settings, Tier
from autograder.pool import TRIES, Plan, Pool, failed_twice, not_graded
from autograder.report import results
from autograder.submission import sha256

# Each takes up to 3.5 GiB of the GPU: the reference's process, a submission's, and that of one
# exercise alone, with a context of half a GiB and, for a student's two, 1 GiB of tensors.
GPU_SLOTS = 4
Finished = Callable[[Report], None]
Progress = Callable[[int, int], None]  # submissions done, of how many
Way = Callable[[Plan, Iterable[Job], Finished], None]  # how jobs become reports


@dataclass
class Batch:
    """What came of a batch."""

    graded: int = 0
    not_graded: int = 0
    skipped: int = 0

    @property
    def done(self) -> int:
        """How many submissions were looked at."""
        return self.graded + self.not_graded + self.skipped


def grade_batch(
    plan: Plan,
    jobs: Sequence[Job],
    out: Path,
    way: Way,
    *,
    force: bool = False,
    finished: Finished = lambda report: None,
    progress: Progress = lambda done, total: None,
) -> Batch:
    """Grade the jobs that have no result yet for the same file, graders and seed."""
    batch, digest = Batch(), plan.course.graders_sha256(plan.assignment)

    def todo() -> Iterator[Job]:
        for job in jobs:
            if not force and is_done(job, plan, out, digest):
                batch.skipped += 1
                progress(batch.done, len(jobs))
            else:
                yield job

    def keep(report: Report) -> None:
        _keep(report, out)
        finished(report)
        batch.not_graded += report.status is Outcome.NOT_GRADED
        batch.graded += report.status is not Outcome.NOT_GRADED
        progress(batch.done, len(jobs))

    with alone(out, plan.assignment):
        way(plan, todo(), keep)
    return batch


def is_done(job: Job, plan: Plan, out: Path, digest: str) -> bool:
    """Whether a result stands there for this very file, these graders, seed and device."""
    path = results.result_path(plan.assignment, job.student, out)
    if not path.is_file():
        return False
    try:
        known = results.read(path)
        same = known.sha256 == sha256(job.path) and known.seed == plan.settings.seed
    except AutograderError:
        return False  # a damaged result is made anew; a vanished file is reported by the grader
    same = same and known.environment.get("device") == plan.settings.device
    return same and known.graders_sha256 == digest and known.status is not Outcome.NOT_GRADED


def _keep(report: Report, out: Path) -> None:
    """Write a result; a file that is out of reach leaves its earlier result alone."""
    unreached = report.status is Outcome.NOT_GRADED and not report.sha256
    if not (unreached and results.result_path(report.assignment, report.student, out).exists()):
        results.write(report, out)


def plan(
    course: Course,
    name: str,
    out: Path,
    seed: int | None,
    require: Tier,
    device: Device = Device.CPU,
    *,
    fresh: bool,
) -> Plan:
    """Settle the seed: as asked, else the class's so far, unless a fresh one is wanted."""
    if seed is None:
        seed = secrets.randbelow(2**31) if fresh else _seed_so_far(course, name, out)
    return Plan(course, name, Settings(seed, require, device))


def _seed_so_far(course: Course, name: str, out: Path) -> int:
    """The seed of the results that the same graders gave, so that all are asked the same."""
    digest = course.graders_sha256(name)
    seeds = (known.seed for known in known_results(name, out) if known.graders_sha256 == digest)
    return next(seeds, secrets.randbelow(2**31))


def known_results(name: str, out: Path) -> Iterator[Report]:
    """The results of an assignment that can be read, by student."""
    for path in sorted(results.result_path(name, "x", out).parent.glob("[!.]*.json")):
        with suppress(AutograderError):
            yield results.read(path)


@contextmanager
def alone(out: Path, name: str) -> Iterator[Path]:
    """Hold an assignment's results folder, so that no other grading writes into it."""
    folder = results.result_path(name, "x", out).parent
    lock = filelock.FileLock(folder / ".lock", timeout=0)  # the system drops it when we die
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
        _sweep(folder)
    except filelock.Timeout:
        raise UsageError(
            f"{folder}: another grading is writing here. Wait until it has ended, or choose "
            "another folder with --out."
        ) from None
    except OSError as error:
        raise InfrastructureError(
            f"{folder}: cannot be written ({error.strerror}). Choose another folder with --out."
        ) from error
    try:
        yield folder
    finally:
        lock.release()


def _sweep(folder: Path) -> None:
    """Remove what a killed run was writing; nobody else is writing now."""
    for unfinished in folder.glob(".*.tmp"):
        unfinished.unlink(missing_ok=True)


# --- ways of grading ---------------------------------------------------------------------------


def cores() -> int:
    """How many processors this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # unknown to macOS
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def slots(device: Device) -> int:
    """How many submissions to grade at once where nobody says: one per core, a few on a GPU."""
    return min(cores(), GPU_SLOTS) if device is Device.CUDA else cores()


def with_jobs(most: int) -> Way:
    """Grade in up to so many processes; one submission alone must not pay for starting any."""
    return partial(_with_jobs, most)


def _with_jobs(most: int, plan: Plan, jobs: Iterable[Job], finished: Finished) -> None:
    left = iter(jobs)
    first = list(itertools.islice(left, most))
    if len(first) < 2:
        in_this_process(plan, itertools.chain(first, left), finished)
        return
    with Pool(plan, len(first)) as pool:
        for report in pool.grade(itertools.chain(first, left)):
            finished(report)


def in_this_process(plan: Plan, jobs: Iterable[Job], finished: Finished) -> None:
    """Grade one after the other; a submission over which the engine fails twice is not graded."""
    hand = _Hand(plan, jobs, finished)
    while hand.more():
        try:
            grade_all(plan.course, plan.assignment, hand.jobs(), plan.settings, hand.done)
        except (AuthorError, UsageError):
            raise
        except Exception as failure:
            hand.failed(failure)


class _Hand:
    """Hands out jobs, and keeps the one in hand until its report is there."""

    def __init__(self, plan: Plan, jobs: Iterable[Job], finished: Finished) -> None:
        self._plan, self._left, self._finished = plan, iter(jobs), finished
        self._job: Job | None = None
        self._begun, self._failures = False, 0

    def more(self) -> bool:
        """Whether there is a job, found out without starting the engine."""
        if self._job is None:
            self._job, self._failures = next(self._left, None), 0
        self._begun = False
        return self._job is not None

    def jobs(self) -> Iterator[Job]:
        """Yield what is left, beginning with the job in hand."""
        while self.more() and self._job is not None:
            self._begun = True
            yield self._job

    def done(self, report: Report) -> None:
        """Pass on the report of the job in hand."""
        self._job, self._begun = None, False
        self._finished(report)

    def failed(self, failure: Exception) -> None:
        """Give up a job after two failures over it; raise a failure that came over no job."""
        if self._job is None or not self._begun:
            raise failure
        self._failures += 1
        if self._failures >= TRIES:
            self.done(not_graded(self._plan, self._job, failed_twice(str(failure))))

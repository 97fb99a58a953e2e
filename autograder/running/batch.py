"""Grades one assignment's batch into a results folder: skips what is done, loses nothing.

A result stands for a submission's digest, the graders' digest, a seed and a device; where all of
these are the same there is nothing to do, so that a run that was cut off goes on where it stopped.
Reports are written as they come and not kept.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import filelock

from autograder.course.layout import Course
from autograder.errors import AutograderError, InfrastructureError, UsageError
from autograder.grading.digest import graders_sha256
from autograder.model import Device, Job, Outcome, Report, Settings, Tier
from autograder.report import results
from autograder.running.plan import Backend, Plan
from autograder.submissions.read import sha256


class Batch:
    """The submissions of one assignment, and what became of them."""

    def __init__(self, plan: Plan, jobs: Sequence[Job], out: Path, *, force: bool = False) -> None:
        self.graded = 0
        self.not_graded = 0
        self.skipped = 0
        self._plan = plan
        self._jobs = jobs
        self._out = out
        self._force = force

    @property
    def done(self) -> int:
        """How many submissions were looked at."""
        return self.graded + self.not_graded + self.skipped

    def run(self, backend: Backend) -> Iterator[Report]:
        """Grade the jobs that have no result yet; yield each report once it is written."""
        with lock_results(self._out, self._plan.assignment):
            for report in backend.grade(self._plan, self._todo()):
                _keep(report, self._out)
                if report.status is Outcome.NOT_GRADED:
                    self.not_graded += 1
                else:
                    self.graded += 1
                yield report

    def _todo(self) -> Iterator[Job]:
        digest = self._plan.graders_sha256
        for job in self._jobs:
            if not self._force and is_done(job, self._plan, self._out, digest):
                self.skipped += 1
            else:
                yield job


def is_done(job: Job, plan: Plan, out: Path, digest: str) -> bool:
    """Whether a result stands there for this very file, these graders, seed and device."""
    path = results.result_path(plan.assignment, job.student, out)
    if not path.is_file():
        return False
    try:
        known = results.read(path)
        same = known.sha256 == sha256(job.path) and known.seed == plan.settings.seed
    except AutograderError:
        return False  # a damaged result is made again; a vanished file is reported by the grader
    same = same and known.environment.get("device") == plan.settings.device
    return same and known.graders_sha256 == digest and known.status is not Outcome.NOT_GRADED


def _keep(report: Report, out: Path) -> None:
    """Write a result; a file that is out of reach leaves its earlier result alone."""
    unreached = report.status is Outcome.NOT_GRADED and not report.sha256
    if not (unreached and results.result_path(report.assignment, report.student, out).exists()):
        results.write(report, out)


def make_plan(
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
    digest = graders_sha256(course, name)
    seeds = (known.seed for known in known_results(name, out) if known.graders_sha256 == digest)
    return next(seeds, secrets.randbelow(2**31))


def known_results(name: str, out: Path) -> Iterator[Report]:
    """The results of an assignment that can be read, by student."""
    for path in sorted(results.result_path(name, "x", out).parent.glob("[!.]*.json")):
        with suppress(AutograderError):
            yield results.read(path)


@contextmanager
def lock_results(out: Path, name: str) -> Iterator[Path]:
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

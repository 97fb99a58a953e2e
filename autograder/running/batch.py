"""Grades one assignment's batch into a results folder: skips what is done, loses nothing.

A result stands for a submission's digest, the graders' digest, a seed and a device; where all of
these are the same there is nothing to do, so that a run that was cut off goes on where it stopped.
A result that other graders gave to the same file may be published: it is left as it is, and
regrade shows what would change. What a new result replaces is kept in ``.earlier/``; a file that is
found there is an older one, and left alone. Reports are written as they come and not kept.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from enum import Enum, auto
from pathlib import Path

import filelock

from autograder.course.layout import Course
from autograder.errors import AutograderError, InfrastructureError, UsageError
from autograder.grading.digest import graders_sha256
from autograder.model import Device, Job, Outcome, Report, Settings, Tier
from autograder.report import results
from autograder.running.plan import Backend, Plan, digest_of, nothing_to_grade


class State(Enum):
    """What is known of a job before it is graded."""

    NEW = auto()  # no result for this file
    DONE = auto()  # this file's result, by this very plan
    OTHER = auto()  # this file's result, by other graders or with another seed or device


class Batch:
    """The submissions of one assignment, and what became of them."""

    def __init__(self, plan: Plan, jobs: Sequence[Job], out: Path, *, force: bool = False) -> None:
        self.graded = 0
        self.not_graded = 0
        self.skipped = 0
        self.left_alone = 0  # results of other graders
        self.replaced: list[str] = []  # whose file is an older one than that which counts
        self._plan = plan
        self._jobs = jobs
        self._out = out
        self._force = force

    @property
    def done(self) -> int:
        """How many submissions were looked at."""
        left = self.left_alone + len(self.replaced)
        return self.graded + self.not_graded + self.skipped + left

    def run(self, backend: Backend) -> Iterator[Report]:
        """Grade the jobs that have no result yet; yield each report once it is written."""
        with lock_results(self._out, self._plan.assignment):
            for report in self._reports(backend):
                _keep(report, self._out)
                if report.status is Outcome.NOT_GRADED:
                    self.not_graded += 1
                else:
                    self.graded += 1
                yield report

    def _reports(self, backend: Backend) -> Iterator[Report]:
        """The new reports, each with what is known of how it was submitted."""
        jobs = {job.student: job for job in self._jobs}
        empty: list[Job] = []
        for report in backend.grade(self._plan, self._with_file(empty)):
            yield with_facts(report, jobs[report.student])
        for job in empty:
            yield with_facts(nothing_to_grade(self._plan, job), job)

    def _with_file(self, empty: list[Job]) -> Iterator[Job]:
        """The jobs to do, one by one; those without any file are put aside."""
        for job in self._todo():
            if job.problem:
                empty.append(job)
            else:
                yield job

    def _todo(self) -> Iterator[Job]:
        digest = self._plan.graders_sha256
        for job in self._jobs:
            known = _known(job, self._plan, self._out)
            state = State.NEW if self._force else state_of(job, known, self._plan, digest)
            if known is None or state is State.NEW:
                if not self._force and is_replaced(job, self._plan, self._out):
                    self.replaced.append(job.student)
                else:
                    yield job
                continue
            self.skipped += state is State.DONE
            self.left_alone += state is State.OTHER
            if known.handed_in != job.handed_in:  # a late mark that came later, say
                again = replace(known, handed_in=job.handed_in)
                if known.handed_in.at:  # the same file once more: it came for the first time then
                    results.keep_earlier(again, self._out)
                results.write(again, self._out)


def with_facts(report: Report, job: Job) -> Report:
    """The report with what is known of how its file was submitted."""
    return replace(report, file=job.title or report.file, handed_in=job.handed_in)


def _known(job: Job, plan: Plan, out: Path) -> Report | None:
    """A job's result so far; what is damaged is made again."""
    path = results.result_path(plan.assignment, job.student, out)
    with suppress(AutograderError):
        return results.read(path) if path.is_file() else None
    return None


def state_of(job: Job, known: Report | None, plan: Plan, digest: str) -> State:
    """Whether a job's result stands, for this plan or for another one."""
    if known is None or known.status is Outcome.NOT_GRADED or known.sha256 != digest_of(job):
        return State.NEW
    same = known.seed == plan.settings.seed and known.graders_sha256 == digest
    same = same and known.environment.get("device", plan.settings.device) == plan.settings.device
    return State.DONE if same else State.OTHER


def is_done(job: Job, plan: Plan, out: Path, digest: str) -> bool:
    """Whether a result stands there for this very file, these graders, seed and device."""
    return state_of(job, _known(job, plan, out), plan, digest) is State.DONE


def is_replaced(job: Job, plan: Plan, out: Path) -> bool:
    """Whether the result of another, newer file has taken the place of this file's.

    Nothing tells an old download from a student who goes back to an old file, unless the file has
    a time: then the same file may have come once more.
    """
    known, digest = _known(job, plan, out), digest_of(job)
    if known is None or known.sha256 in ("", digest):
        return False
    earlier = results.read_earlier(plan.assignment, job.student, out)
    mine = digest, job.handed_in.at
    return any((one.sha256, one.handed_in.at) == mine for one in earlier)


def _keep(report: Report, out: Path) -> None:
    """Write a result; a file that is out of reach leaves its earlier result alone."""
    unreached = report.status is Outcome.NOT_GRADED and not report.sha256
    if not (unreached and results.result_path(report.assignment, report.student, out).exists()):
        results.keep_earlier(report, out)
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
    """The seed of the results so far, first of these graders', so that all are asked the same."""
    digest = graders_sha256(course, name)
    known = [(report.graders_sha256 != digest, report.seed) for report in known_results(name, out)]
    return min(known)[1] if known else secrets.randbelow(2**31)


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

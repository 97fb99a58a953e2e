"""What a class is graded with: the plan, and the backends that turn jobs into reports."""

from __future__ import annotations

import datetime
import platform
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from autograder import __version__
from autograder.course.layout import Course
from autograder.course.source import read_release
from autograder.errors import FileError, KilledError
from autograder.grading.digest import graders_sha256
from autograder.model import Job, Outcome, Report, Settings
from autograder.submissions.read import sha256

TRIES = 2  # of one submission; whatever fails so often is not graded
KILLS = 10  # from outside, while it was graded; whatever needs more has no machine to be graded on


_KILLED = (
    f"Processes that graded this file were killed {KILLS} times, by a person or because memory ran "
    "out; the file has no part in it. Look into the machine's logs, then grade again."
)


@dataclass(frozen=True)
class Plan:
    """What is graded, and how."""

    course: Course
    assignment: str
    settings: Settings

    @property
    def graders_sha256(self) -> str:
        """The digest of the graders as they are now."""
        return graders_sha256(self.course, self.assignment)


class Backend(Protocol):
    """A way of grading: in this process, in several, or on a cluster."""

    def grade(self, plan: Plan, jobs: Iterable[Job]) -> Iterator[Report]:
        """Yield one report for each job, as they are done and in any order."""


def not_graded(plan: Plan, job: Job, reason: str) -> Report:
    """The report of a submission about which nothing may be said."""
    release = read_release(plan.course.release(plan.assignment))
    return Report(
        assignment=plan.assignment,
        student=job.student,
        file=job.path.name,
        sha256=digest_of(job),
        graders_sha256=plan.graders_sha256,
        reason=reason,
        max_score=release.max_score,
        seed=plan.settings.seed,
        tier=plan.settings.require,
        environment={"autograder": __version__, "python": platform.python_version()},
        graded_at=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        title=release.title,
    )


def nothing_to_grade(plan: Plan, job: Job) -> Report:
    """The report of somebody who submitted no file that could be graded: the job says why."""
    return replace(not_graded(plan, job, job.problem), status=Outcome.UNREADABLE, file="")


class Tries:
    """How often the grading of one submission has ended early, and whether to try again.

    A failure may be the submission's doing; a kill from outside is not, so many more are forgiven.
    """

    def __init__(self) -> None:
        self._failures = 0
        self._kills = 0
        self._reason = ""

    def note(self, error: Exception) -> None:
        """Count why it has ended."""
        if isinstance(error, KilledError):
            self._kills += 1
        else:
            self._failures += 1
        self._reason = str(error)

    @property
    def left(self) -> bool:
        """Whether it is tried again."""
        return self._failures < TRIES and self._kills < KILLS

    def not_graded(self, plan: Plan, job: Job) -> Report:
        """The report of what is not tried again."""
        if self._failures >= TRIES:
            return failed_twice(plan, job, self._reason)
        return not_graded(plan, job, _KILLED)


def failed_twice(plan: Plan, job: Job, reason: str) -> Report:
    """The report of a submission over which the grading itself failed, twice."""
    return not_graded(plan, job, f"The grading itself failed twice; grade again. {reason}")


def digest_of(job: Job) -> str:
    """The digest of a job's file; empty where there is none."""
    try:
        return "" if job.problem else sha256(job.path)
    except FileError:
        return ""

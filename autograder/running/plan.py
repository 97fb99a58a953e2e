"""What a class is graded with: the plan, and the backends that turn jobs into reports."""

from __future__ import annotations

import datetime
import platform
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from autograder.course.layout import Course
from autograder.course.source import read_release
from autograder.errors import FileError
from autograder.grading.digest import graders_sha256
from autograder.model import Job, Outcome, Report, Settings
from autograder.submissions.read import sha256

TRIES = 2  # of one submission; whatever fails so often is not graded


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
    return Report(
        assignment=plan.assignment,
        student=job.student,
        file=job.path.name,
        sha256=digest_of(job),
        graders_sha256=plan.graders_sha256,
        reason=reason,
        max_score=read_release(plan.course.release(plan.assignment)).max_score,
        seed=plan.settings.seed,
        tier=plan.settings.require,
        environment={"python": platform.python_version()},
        graded_at=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    )


def nothing_to_grade(plan: Plan, job: Job) -> Report:
    """The report of somebody who handed in no file that could be graded: the job says why."""
    return replace(not_graded(plan, job, job.problem), status=Outcome.UNREADABLE, file="")


def failed_twice(plan: Plan, job: Job, reason: str) -> Report:
    """The report of a submission over which the grading itself failed, twice."""
    return not_graded(plan, job, f"The grading itself failed twice; grade again. {reason}")


def digest_of(job: Job) -> str:
    """The digest of a job's file; empty where there is none."""
    try:
        return "" if job.problem else sha256(job.path)
    except FileError:
        return ""

"""Grades a single file for a tool that hands over one submission at a time."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from autograder.course.layout import Course
from autograder.errors import InfrastructureError, UsageError
from autograder.grading.start import start_grader
from autograder.model import Job, Outcome, Report, Settings, Tier
from autograder.running.batch import with_facts
from autograder.submissions.find import of_one

SEED = "AUTOGRADER_SEED"  # the environment variable that fixes all drawn inputs


def seed() -> int:
    """The seed that the environment asks for, else a fresh one."""
    wanted = os.environ.get(SEED, "")
    if wanted and not wanted.isdecimal():
        raise UsageError(f"{SEED}={wanted}: is not a whole number. Set it to one, or unset it.")
    return int(wanted) if wanted else secrets.randbelow(2**31)


def grade_folder(
    folder: Path, course: Course, assignment: str, student: str, require: Tier
) -> Report:
    """Grade what one student submitted, whatever lies in the folder and however it is called.

    Raises:
        UsageError: no file lies there.
    """
    return grade_one(course, assignment, of_one(folder, course, assignment, student), require)


def grade_one(course: Course, assignment: str, job: Job, require: Tier) -> Report:
    """Grade one file; raise InfrastructureError where no score may be read from the report."""
    with start_grader(course, assignment, Settings(seed(), require)) as grader:
        return scored(with_facts(grader.grade(job), job))


def scored(report: Report) -> Report:
    """The report itself, unless the machine failed: then nothing may look like a score."""
    if report.status is Outcome.NOT_GRADED:
        raise InfrastructureError(f"{report.student}: not graded. {report.reason}")
    return report

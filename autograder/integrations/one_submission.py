"""Grades a single file for a tool that hands over one submission at a time."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from autograder.course.layout import Course
from autograder.errors import InfrastructureError, UsageError
from autograder.grading.start import start_grader
from autograder.model import Job, Outcome, Report, Settings, Tier

SEED = "AUTOGRADER_SEED"  # the environment variable that fixes all drawn inputs


def seed() -> int:
    """The seed that the environment asks for, else a fresh one."""
    wanted = os.environ.get(SEED, "")
    if wanted and not wanted.isdecimal():
        raise UsageError(f"{SEED}={wanted}: is not a whole number. Set it to one, or unset it.")
    return int(wanted) if wanted else secrets.randbelow(2**31)


def grade_one(course: Course, assignment: str, job: Job, require: Tier) -> Report:
    """Grade one file; raise InfrastructureError where no score may be read from the report."""
    with start_grader(course, assignment, Settings(seed(), require)) as grader:
        return scored(grader.grade(job))


def scored(report: Report) -> Report:
    """The report itself, unless the machine failed: then nothing may look like a score."""
    if report.status is Outcome.NOT_GRADED:
        raise InfrastructureError(f"{report.student}: not graded. {report.reason}")
    return report


def notebook_in(folder: Path, assignment: str) -> Path:
    """The file to grade among those that a student handed in: by its name, else the only one."""
    named = folder / f"{assignment}.ipynb"
    if named.is_file():
        return named
    for kind in ("*.ipynb", "*.py", "*.*"):
        found = sorted(path for path in folder.glob(kind) if _ordinary(path))
        if len(found) == 1:
            return found[0]
        if found:
            break
    raise UsageError(
        f"{folder}: there is no {assignment}.ipynb and no single other notebook to take for it. "
        f"Hand in {assignment}.ipynb."
    )


def _ordinary(path: Path) -> bool:
    return path.is_file() and not path.is_symlink() and not path.name.startswith(("__", "."))

"""Classroom 50: a report as its result.json, and the autograder.py that writes it.

A copy of this file is the ``CLASSROOM/autograders/ASSIGNMENT/autograder.py`` of a classroom. The
course is not in that bundle, because students can download bundles: it is installed on the
self-hosted runner, in the folder that AUTOGRADER_COURSE names, and the runner group allows no
workflow but the grading one.

The schema knows whole numbers only, so points are counted there in hundredths.
"""

from __future__ import annotations

import sys

if __name__ == "__main__" and not sys.flags.safe_path:
    del sys.path[0]  # this file hides the package there, and a json.py beside it may be a student's

import json
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograder.model import ExerciseReport, Report

SCHEMA = "classroom50/result/v1"
UNITS = 100  # in one point


def result(report: Report, environment: Mapping[str, str]) -> dict[str, Any]:
    """The report as Classroom 50 wants it, with what its runner says about the submission."""
    from autograder.errors import UsageError

    try:
        submission = _submission({name: said for name, said in environment.items() if said})
    except KeyError as missing:
        raise UsageError(
            f"{missing.args[0]} is not set. Classroom 50's runner sets it; set it by hand to try."
        ) from None
    tests = [_test(exercise) for exercise in report.exercises]
    return {
        "schema": SCHEMA,
        **submission,
        "datetime": _utc(report.graded_at),
        "score": sum(test["score"] for test in tests),
        "max-score": round(report.max_score * UNITS),
        "tests": tests,
    }


def _submission(environment: Mapping[str, str]) -> dict[str, str]:
    owner = environment.get("OWNER") or environment["USERNAME"]
    return {
        "classroom": environment["CLASSROOM"],
        "assignment": environment["ASSIGNMENT"],
        "assignment_type": environment.get("ASSIGNMENT_TYPE") or "individual",
        "owner": owner,
        "submission": environment["SUBMISSION_TAG"],
        "commit": environment["COMMIT_URL"],
        "release": environment["RELEASE_URL"],
        "review": environment.get("REVIEW_URL") or environment["COMMIT_URL"],
    }


def _test(exercise: ExerciseReport) -> dict[str, Any]:
    from autograder.report.sanitize import clean

    return {
        "test-name": f"{exercise.title} ({exercise.id})",
        "passed": exercise.status.value == "passed",
        "score": round(exercise.score * UNITS),
        "max-score": round(exercise.points * UNITS),
        "output": clean("\n".join(exercise.remarks)),
    }


def _utc(moment: str) -> str:
    return re.sub(r"(\.\d+)?\+00:00$", "Z", moment)


def main() -> None:
    """Grade the notebook of the student's checkout, which is the current folder."""
    from autograder.course.layout import Course
    from autograder.integrations.one_submission import grade_folder
    from autograder.model import Tier
    from autograder.submissions import door

    place = Path("result.json")
    _take_away(place)
    course = Course.find(Path(os.environ["AUTOGRADER_COURSE"]))
    assignment, student = os.environ["ASSIGNMENT"], os.environ["USERNAME"]
    report = grade_folder(Path.cwd(), course, assignment, student, Tier.ISOLATED)
    door.put(place, json.dumps(result(report, os.environ), indent=1).encode())


def _take_away(place: Path) -> None:
    """Remove what a student has put there: where nothing is graded, it would be the result."""
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)


if __name__ == "__main__":
    main()

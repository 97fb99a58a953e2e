"""Gradescope: runs inside its container, and writes its results.json from a report.

    python -m autograder.integrations.gradescope /autograder

Each exercise becomes two tests: its visible check, which students see right away, and its hidden
checks with the points, which they see when the instructor's settings.json says so. While any test
is out of a student's sight, Gradescope shows that student no total either.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from autograder.course.layout import Course
from autograder.errors import UsageError
from autograder.integrations.one_submission import grade_folder
from autograder.model import Check, ExerciseReport, Report, Status, Tier
from autograder.notebook import wording
from autograder.report.labels import exercise_words
from autograder.report.sanitize import clean, few_notes
from autograder.report.summary import score_of
from autograder.submissions import door
from autograder.targets.options import Visibility


def results(report: Report, hidden: Visibility = Visibility.AFTER_PUBLISHED) -> dict[str, Any]:
    """The report by Gradescope's published schema, with the points that a gradebook counts."""
    tests = [
        test
        for place, exercise in enumerate(report.exercises, 1)
        for test in _tests(exercise, place, hidden)
    ]
    counted = report.counted.why if report.counted else None
    said = [counted, report.reason, *few_notes(report)]
    return {
        "score": score_of(report),
        "execution_time": round(report.seconds),
        "output": clean("\n".join(line for line in said if line)),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "stdout_visibility": "hidden",
        "tests": tests,
        "extra_data": {
            "status": report.status.value,
            "max_score": report.max_score,
            "seed": report.seed,
            "graders_sha256": report.graders_sha256,
            "tier": report.tier.value,
        },
    }


def _tests(exercise: ExerciseReport, place: int, hidden: Visibility) -> Iterator[dict[str, Any]]:
    for check in exercise.checks:
        if not check.hidden:
            yield {
                "name": f"{exercise.title} ({exercise.id}): the example in the notebook",
                "number": f"{place}.1",
                "status": _passed(check.status is Status.PASSED),
                "output": clean(_visible_output(exercise, check)),
                "visibility": Visibility.VISIBLE.value,
            }
    yield {
        "name": f"{exercise.title} ({exercise.id}): hidden checks",
        "number": f"{place}.2",
        "score": exercise.score,
        "max_score": exercise.points,
        "status": _passed(exercise.status is Status.PASSED),
        "output": clean(_hidden_output(exercise)),
        "visibility": hidden.value,
        "tags": [exercise.id],
    }


def _passed(passed: bool) -> str:
    return "passed" if passed else "failed"


def _hidden_output(exercise: ExerciseReport) -> str:
    """What a student reads; where the remarks may not be read yet, how it went."""
    passed = exercise.status is Status.PASSED
    how = wording.ALL_PASSED if passed else f"{exercise_words(exercise).capitalize()}."
    return "\n".join(exercise.remarks) or how


def _visible_output(exercise: ExerciseReport, check: Check) -> str:
    """What became of the example; why the cell could not run, where that is the reason."""
    if check.status is Status.PASSED:
        return wording.ALL_PASSED
    failed = {one.message for one in exercise.checks}
    problems = [line for line in exercise.remarks if line not in failed and not exercise.mistake]
    return "\n".join(problems) or check.message


# --- inside the container ----------------------------------------------------------------------


def run(root: Path) -> Path:
    """Grade what lies in ``root``/submission; return the results.json that was written.

    Where the machine fails no file is written: Gradescope then says that the autograder failed.
    """
    settings = _read(root / "source" / "settings.json")
    assignment = settings["assignment"]
    course = Course(root / "source")
    try:
        report = _graded(course, assignment, root)
        made = results(report, Visibility(settings["hidden_checks"]))
    except UsageError as error:
        made = {"score": 0, "output": str(error), "output_format": "text", "tests": []}
    target = root / "results" / "results.json"
    target.parent.mkdir(exist_ok=True)
    door.put(target, json.dumps(made, indent=1, allow_nan=False).encode())
    return target


def _graded(course: Course, assignment: str, root: Path) -> Report:
    return grade_folder(root / "submission", course, assignment, student_of(root), Tier.CONFINED)


def student_of(root: Path) -> str:
    """Whose submission it is, by Gradescope's word and not by the notebook's.

    Where its file says nothing that can be read, Gradescope knows it all the same.
    """
    try:
        first = _read(root / "submission_metadata.json")["users"][0]
        return str(first.get("email") or first["id"])
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return "student"


def _read(path: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return data


if __name__ == "__main__":
    run(Path(sys.argv[1]))

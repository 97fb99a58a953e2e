"""Sends results elsewhere: one function for each place that ``autograder export --to`` knows."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.course.layout import Course
from autograder.errors import InfrastructureError, UsageError
from autograder.integrations import classroom50, github_actions, gradescope, lms_grades
from autograder.integrations.options import Target
from autograder.model import Outcome, Report
from autograder.report.pages import write_csv
from autograder.submissions.names import file_stem

_NAMES = {
    Target.CSV: "grades.csv",
    Target.CANVAS: "canvas.csv",
    Target.MOODLE: "moodle.csv",
    Target.GRADESCOPE: "gradescope",
    Target.CLASSROOM50: "classroom50",
    Target.JUNIT: "junit.xml",
    Target.ACTIONS: "summary.md",
}


@dataclass(frozen=True)
class Exported:
    """What an export made, and what has to be said aloud for it to take effect."""

    made: str
    aloud: str = ""


def export(
    reports: Sequence[Report],
    target: Target,
    course: Course | None,
    out: Path | None = None,
    db: str | None = None,
) -> Exported:
    """Write the reports in the form of one target; only nbgrader's needs the course."""
    if not reports:
        raise UsageError("There are no results to export. Run: autograder grade")
    if target is Target.NBGRADER:
        return _to_nbgrader(reports, course, db)
    path = out or Path(_NAMES[target])
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return _written(reports, target, path)
    except OSError as error:
        raise InfrastructureError(f"{path}: cannot be written ({error.strerror}).") from error


def _to_nbgrader(reports: Sequence[Report], course: Course | None, db: str | None) -> Exported:
    from autograder.integrations.nbgrader import write_gradebook

    if course is None:
        raise UsageError("nbgrader's gradebook belongs to a course: name its folder with --course.")
    url = db or f"sqlite:///{course.root / 'gradebook.db'}"
    count = write_gradebook(reports, course, url)
    return Exported(f"{count} submissions in the gradebook")


def _written(reports: Sequence[Report], target: Target, path: Path) -> Exported:
    if target is Target.GRADESCOPE:
        return _folder({_place(r): gradescope.results(r) for r in reports if _graded(r)}, path)
    if target is Target.CLASSROOM50:
        made = {_place(r): classroom50.result(r, os.environ) for r in reports if _graded(r)}
        return _folder(made, path)
    if target is Target.ACTIONS:
        return _for_actions(reports, path)
    if target is Target.JUNIT:
        path.write_text(github_actions.junit(reports), encoding="utf-8")
    else:
        writers = {Target.CSV: write_csv, **lms_grades.WRITERS}
        writers[target](reports, path)
    return Exported(str(path))


def _graded(report: Report) -> bool:
    return report.status is not Outcome.NOT_GRADED


def _place(report: Report) -> Path:
    return Path(file_stem(report.assignment), f"{file_stem(report.student)}.json")


def _folder(files: dict[Path, dict[str, Any]], folder: Path) -> Exported:
    for place, content in files.items():
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    return Exported(f"{len(files)} files in {folder}")


def _for_actions(reports: Sequence[Report], path: Path) -> Exported:
    """A step summary, appended where the runner wants it, and annotations to be printed."""
    wanted = os.environ.get("GITHUB_STEP_SUMMARY")
    target = Path(wanted) if wanted else path
    with target.open("a" if wanted else "w", encoding="utf-8") as file:
        file.write(github_actions.summary(reports))
    return Exported(str(target), aloud=github_actions.workflow_commands(reports))

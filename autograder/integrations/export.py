"""Sends results elsewhere: one function for each place that ``autograder export --to`` knows."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.course.layout import Course
from autograder.course.source import read_release
from autograder.errors import AuthorError, InfrastructureError, UsageError
from autograder.integrations import (
    classroom50,
    github_actions,
    gradescope,
    lms_grades,
)
from autograder.integrations.options import Target
from autograder.integrations.sheets.canvas import fill_canvas
from autograder.integrations.sheets.moodle import fill_moodle
from autograder.model import Report
from autograder.report.pages import write_csv
from autograder.report.summary import score_of
from autograder.submissions import door
from autograder.submissions.names import file_stem
from autograder.submissions.roster import Roster

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
    remarks: tuple[str, ...] = ()  # what the instructor has to know


def export(
    reports: Sequence[Report],
    target: Target,
    course: Course | None,
    out: Path | None = None,
    db: str | None = None,
    roster: Roster | None = None,
    into: Path | None = None,
    column: str | None = None,
) -> Exported:
    """Write the reports in the form of one target; only nbgrader's needs the course.

    With a roster, the sheets of grades have a row for each of its students. ``into`` is a sheet
    that was downloaded from Canvas or Moodle: a copy of it is filled in, in Canvas's the column
    called ``column`` where the assignment's title does not tell.
    """
    if not reports:
        raise UsageError("There are no results to export. Run: autograder grade")
    if into is not None:
        return _filled(reports, target, course, out, roster, into, column)
    if column is not None:
        raise UsageError("--column names a column of a downloaded sheet: name that with --into.")
    if target is Target.NBGRADER:
        return _to_nbgrader(reports, course, db)
    path = out or Path(_NAMES[target])
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return _written(reports, target, path, roster)
    except OSError as error:
        raise InfrastructureError(f"{path}: cannot be written ({error.strerror}).") from error


def _filled(
    reports: Sequence[Report],
    target: Target,
    course: Course | None,
    out: Path | None,
    roster: Roster | None,
    into: Path,
    column: str | None,
) -> Exported:
    """Fill in a copy of a downloaded sheet; the sheet itself is never changed."""
    _refuse_sheets(target, column)
    path = out or into.with_name(f"{into.stem} filled.csv")
    if path.exists() and into.exists() and path.samefile(into):
        raise UsageError(f"{path}: is the sheet that you downloaded. Give --out another name.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if target is Target.MOODLE:
            remarks = fill_moodle(reports, into, path, roster)
        else:
            titles = _titles(reports, course)
            remarks = fill_canvas(reports, into, path, roster, titles, column)
    except OSError as error:
        raise InfrastructureError(f"{path}: cannot be written ({error.strerror}).") from error
    return Exported(str(path), remarks=remarks)


def _refuse_sheets(target: Target, column: str | None) -> None:
    if target is Target.GRADESCOPE:
        raise UsageError(
            "Gradescope imports no sheet of grades: its scores come from autograders. --to "
            "gradescope writes a results.json for each submission, as an autograder on Gradescope "
            "does. Leave out --into."
        )
    if target not in (Target.CANVAS, Target.MOODLE):
        raise UsageError(f"--into fills in a sheet of canvas or moodle, and not of {target}.")
    if column is not None and target is not Target.CANVAS:
        raise UsageError("--column belongs to canvas: Moodle's worksheet is of one assignment.")


def _titles(reports: Sequence[Report], course: Course | None) -> dict[str, str]:
    """The titles of the assignments that the course has built."""
    titles: dict[str, str] = {}
    for name in {report.assignment for report in reports}:
        with suppress(AuthorError):  # then its name has to do
            if course is not None:
                titles[name] = read_release(course.release(name)).title
    return titles


def _to_nbgrader(reports: Sequence[Report], course: Course | None, db: str | None) -> Exported:
    from autograder.integrations.nbgrader import write_gradebook

    if course is None:
        raise UsageError("nbgrader's gradebook belongs to a course: name its folder with --course.")
    url = db or f"sqlite:///{course.root / 'gradebook.db'}"
    count = write_gradebook(reports, course, url)
    return Exported(f"{count} submissions in the gradebook")


def _written(
    reports: Sequence[Report], target: Target, path: Path, roster: Roster | None
) -> Exported:
    if target is Target.GRADESCOPE:
        return _folder({_place(r): gradescope.results(r) for r in reports if _graded(r)}, path)
    if target is Target.CLASSROOM50:
        return _for_classroom50(reports, path)
    if target is Target.ACTIONS:
        return _for_actions(reports, path)
    if target is Target.JUNIT:
        door.put(path, github_actions.junit(reports).encode())
    elif target is Target.CSV:
        write_csv(reports, path, roster)
    else:
        return Exported(str(path), remarks=lms_grades.WRITERS[target](reports, path, roster))
    return Exported(str(path))


def _graded(report: Report) -> bool:
    return score_of(report) is not None


def _place(report: Report) -> Path:
    return Path(file_stem(report.assignment), f"{file_stem(report.student)}.json")


def _folder(files: dict[Path, dict[str, Any]], folder: Path) -> Exported:
    for place, content in files.items():
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        door.put(path, (json.dumps(content, indent=1, allow_nan=False) + "\n").encode())
    return Exported(f"{len(files)} files in {folder}")


def _for_classroom50(reports: Sequence[Report], folder: Path) -> Exported:
    """Results that name one owner, as Classroom 50 wants them: who runs this repository's tests."""
    if len(students := {report.student for report in reports}) > 1:
        raise UsageError(
            f"A result for Classroom 50 names one owner, and these are of {len(students)} "
            "students. Export each student's results by themselves, in that repository's run."
        )
    made = {_place(r): classroom50.result(r, os.environ) for r in reports if _graded(r)}
    return _folder(made, folder)


def _for_actions(reports: Sequence[Report], path: Path) -> Exported:
    """A step summary, appended where the runner wants it, and annotations to be printed."""
    wanted = os.environ.get("GITHUB_STEP_SUMMARY")
    summary = github_actions.summary(reports)
    if wanted:
        with open(wanted, "a", encoding="utf-8") as file:
            file.write(summary)
    else:
        door.put(path, summary.encode())
    return Exported(wanted or str(path), aloud=github_actions.workflow_commands(reports))

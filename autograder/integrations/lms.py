"""Learning management systems: the names in their zip downloads, and the CSVs that they import.

Canvas names a file doejane_LATE_4711_99887_a1_layers-2.ipynb, Moodle a folder (or the start of a
file) "Jane Doe_4711_assignsubmission_file_", Gradescope a folder submission_123 beside a
submission_metadata.yml. The handle made of it (jane_4711) keeps the system's own number, by which
the grades find their way back.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from autograder.errors import UsageError
from autograder.model import Outcome, Report
from autograder.report.gradebook import inert
from autograder.report.text import number

_CANVAS = re.compile(r"(?P<who>[^_/]+)_(?:LATE_)?(?P<id>\d+)_\d+_(?P<file>.+)")
_CANVAS_AGAIN = re.compile(r"-\d+(?=\.\w+$)")  # the second, third, ... attempt
_MOODLE = re.compile(r"(?P<who>.+)_(?P<id>\d+)_assignsubmission_file_?(?P<file>.*)")
_GRADESCOPE = re.compile(r"submission_(?P<id>\d+)")
_HANDLE = re.compile(r"(?P<who>.+)_(?P<id>\d+)")
METADATA = "submission_metadata.yml"


@dataclass(frozen=True)
class HandedIn:
    """Whose file a path in a download is, and what the student had called it."""

    student: str
    file: str


def recognise(path: str) -> HandedIn | None:
    """Read a path of a Canvas, Moodle or Gradescope download; None where it is of no such form."""
    folders, name = PurePosixPath(path).parent.parts, PurePosixPath(path).name
    for folder in reversed(folders):
        if found := _MOODLE.fullmatch(folder):
            return HandedIn(_handle(found), name)
        if found := _GRADESCOPE.fullmatch(folder):
            return HandedIn(folder, name)
    if found := _MOODLE.fullmatch(name):
        return HandedIn(_handle(found), found["file"])
    if found := _CANVAS.fullmatch(name):
        return HandedIn(_handle(found), _CANVAS_AGAIN.sub("", found["file"]))
    return None


def _handle(found: re.Match[str]) -> str:
    return f"{found['who']}_{found['id']}"


def gradescope_students(metadata: str) -> dict[str, str]:
    """Folder -> e-mail address of its (first) submitter, from submission_metadata.yml's text."""
    students: dict[str, str] = {}
    folder = ""
    for line in metadata.splitlines():
        if found := re.match(r"(submission_\d+):", line):
            folder = found[1]
        elif found := re.match(r"[ -]*:email: *['\"]?([^'\"\s]+)", line):
            students.setdefault(folder, found[1])
    return students


# --- grades on their way back ------------------------------------------------------------------


def write_canvas(reports: Sequence[Report], path: Path) -> None:
    """The CSV of Canvas's "Import grades": a column per assignment, points possible on top."""
    names = sorted({report.assignment: report.max_score for report in reports}.items())
    head = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *(name for name, _ in names)]
    possible = ["    Points Possible", "", "", "", "", *(number(points) for _, points in names)]
    students = sorted({report.student for report in reports})
    scores = {(report.student, report.assignment): _score(report) for report in reports}
    rows = [
        [*_canvas_student(student), *(scores.get((student, name), "") for name, _ in names)]
        for student in students
    ]
    _write([head, possible, *rows], path)


def _canvas_student(student: str) -> list[str]:
    found = _HANDLE.fullmatch(student)
    if found:
        return [inert(found["who"]), found["id"], "", "", ""]
    return [inert(student), "", "", inert(student), ""]


def write_moodle(reports: Sequence[Report], path: Path) -> None:
    """The "offline grading worksheet" of one Moodle assignment, feedback included."""
    if len({report.assignment for report in reports}) > 1:
        raise UsageError(
            "Moodle takes one worksheet for each assignment. Name the folder of one, "
            f"such as results/{reports[0].assignment}."
        )
    head = ["Identifier", "Full name", "Username", "Status", "Grade", "Maximum Grade",
            "Feedback comments"]  # fmt: skip
    _write([head, *map(_moodle_row, reports)], path)


def _moodle_row(report: Report) -> list[str]:
    found = _HANDLE.fullmatch(report.student)
    name = found["who"] if found else ""
    return [
        f"Participant {found['id']}" if found else "",
        inert(name),
        "" if found else inert(report.student),
        "Submitted for grading",
        _score(report),
        number(report.max_score),
        inert(feedback(report), limit=2000),
    ]


def feedback(report: Report) -> str:
    """What a student reads in a single cell: the first remark of each exercise with a fault."""
    told = [f"{part.id}: {part.remarks[0]}" for part in report.exercises if part.remarks]
    return " / ".join([report.reason] if report.reason else told)


def _score(report: Report) -> str:
    return "" if report.status is Outcome.NOT_GRADED else number(report.score)


def _write(rows: Iterable[Sequence[str]], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


WRITERS: dict[str, Callable[[Sequence[Report], Path], None]] = {
    "canvas": write_canvas,
    "moodle": write_moodle,
}

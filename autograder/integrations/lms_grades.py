"""Grades on their way back into a learning management system: the CSVs that these import."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from autograder.errors import UsageError
from autograder.model import Outcome, Report
from autograder.report.pages import inert
from autograder.report.sanitize import number

_HANDLE = re.compile(r"(?P<who>.+)_(?P<id>\d+)")  # as lms.recognise makes it


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

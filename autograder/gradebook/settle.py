"""What the gradebook counts, as reports: sheets of grades and other systems take it from here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from autograder.gradebook.attempts import ExercisePoints
from autograder.gradebook.gradebook import Cell, Gradebook, Standing
from autograder.model import Counted, ExerciseReport, Outcome, Person, Report, Status, Tier
from autograder.report import results

NO_FILE = "No file was submitted."


def read_file(where: str) -> Report:
    """The report of an attempt that a batch has graded: where it is, is a path."""
    return results.read(Path(where))


def by_hand_alone(book: Gradebook, reports: Iterable[Report]) -> list[str]:
    """The assignments of which there is no result, and something that people decided."""
    graded = {report.assignment for report in reports}
    return [
        column.name
        for column in book.columns
        if column.name not in graded and any(cell.by_hand for _, cell in book.cells_of(column.name))
    ]


def settled_by_hand(book: Gradebook, assignments: Iterable[str]) -> list[Report]:
    """What people decided about assignments without results; who else has none may yet have one."""
    return [
        _counted(_nothing(person, name), cell)
        for name in assignments
        for person, cell in sorted(book.cells_of(name), key=lambda pair: pair[0].student)
        if cell.by_hand
    ]


def settled(
    book: Gradebook, reports: Iterable[Report], read: Callable[[str], Report] = read_file
) -> list[Report]:
    """A report for everybody about whom the gradebook has something to say, by assignment.

    It is that of the attempt that counts, with what people gave for its exercises, and with the
    points that count. Who is excused, or whose attempt is not graded yet, has the one of the result
    files, of which no number counts; who may still submit has none. ``read`` finds the report of an
    attempt by what the attempt says of where it is.
    """
    latest = {(report.assignment, report.student): report for report in reports}
    names = {assignment for assignment, _ in latest}
    return [
        settled_report
        for name in sorted(names)
        for person, cell in sorted(book.cells_of(name), key=lambda pair: pair[0].student)
        for settled_report in _settled(person, name, cell, latest.get((name, person.student)), read)
    ]


def _settled(
    person: Person, name: str, cell: Cell, latest: Report | None, read: Callable[[str], Report]
) -> Iterator[Report]:
    base = read(cell.attempt.report) if cell.attempt else latest
    if base or cell.points is not None or cell.standing is Standing.EXCUSED:
        yield _counted(base or _nothing(person, name), cell)


def _counted(report: Report, cell: Cell) -> Report:
    scores = {one.id: one.score for one in cell.exercises}
    exercises = tuple(
        replace(part, score=scores.get(part.id, part.score)) for part in report.exercises
    )
    written = tuple(
        _written(one) for one in cell.exercises if one.by_hand and one.id not in cell.to_grade
    )
    return replace(
        report,
        exercises=exercises + written,
        max_score=cell.max_points or report.max_score,
        counted=Counted(cell.points, cell.why, cell.standing is Standing.EXCUSED),
    )


def _written(one: ExercisePoints) -> ExerciseReport:
    """What people gave for a written answer, with their words."""
    status = Status.PASSED if one.score >= one.points else Status.FAILED
    remarks = (one.comment,) if one.comment else ()
    return ExerciseReport(
        one.id, one.title or one.id, one.points, one.score, status, remarks, None, ()
    )


def _nothing(person: Person, name: str) -> Report:
    """The report of somebody of whom no attempt counts."""
    return Report(
        assignment=name,
        student=person.student,
        file="",
        graders_sha256="",
        max_score=0.0,
        seed=0,
        tier=Tier.PRACTICE,
        status=Outcome.UNREADABLE,
        reason=NO_FILE,
    )

"""The term in numbers: how each assignment went, which exercises stay open, who falls behind."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from autograder.gradebook.gradebook import Cell, Gradebook, Row, Standing
from autograder.gradebook.late import utc
from autograder.model import Person
from autograder.report.sanitize import number
from autograder.submissions.roster import STUDENT

NOTHING = (Standing.MISSING, Standing.TOO_LATE)
IN_A_ROW = 2  # assignments that were due last, without any submission
LOW = 50.0  # per cent of all that counts so far


@dataclass(frozen=True)
class ColumnFigures:
    """How one assignment went, among the students."""

    assignment: str
    counted: int  # students with a number
    mean: float | None  # per cent of the points to be had
    median: float | None
    missing: int
    late: int
    excused: int


@dataclass(frozen=True)
class ExerciseFigures:
    """How many of those whose attempt counts have all points of one exercise."""

    assignment: str
    id: str
    title: str
    solved: int
    tried: int

    @property
    def share(self) -> float:
        """The share of them that solved it."""
        return self.solved / self.tried


@dataclass(frozen=True)
class Behind:
    """Somebody to talk to, and why."""

    person: Person
    why: str


def students(book: Gradebook) -> list[Row]:
    """The rows of the students; staff and strangers are no part of any figure."""
    return [row for row in book.rows if row.person.role == STUDENT]


def column_figures(book: Gradebook) -> list[ColumnFigures]:
    """The figures of each assignment."""
    rows = students(book)
    return [
        _column_figures(column.name, [row.cells[place] for row in rows])
        for place, column in enumerate(book.columns)
    ]


def _column_figures(name: str, cells: list[Cell]) -> ColumnFigures:
    shares = [100 * cell.share for cell in cells if cell.share is not None]
    return ColumnFigures(
        assignment=name,
        counted=len(shares),
        mean=round(statistics.fmean(shares), 1) if shares else None,
        median=round(statistics.median(shares), 1) if shares else None,
        missing=sum(cell.standing in NOTHING for cell in cells),
        late=sum(cell.late for cell in cells),
        excused=sum(cell.standing is Standing.EXCUSED for cell in cells),
    )


def exercise_figures(book: Gradebook) -> list[ExerciseFigures]:
    """The exercises that carry points, those first that the fewest have solved."""
    solved: defaultdict[tuple[str, str], list[bool]] = defaultdict(list)
    titles: dict[tuple[str, str], str] = {}
    for row in students(book):
        for column, cell in zip(book.columns, row.cells, strict=True):
            for one in cell.exercises if cell.attempt else ():
                if one.points and column.policy.points.get(one.id) != 0:
                    solved[column.name, one.id].append(one.score >= one.points)
                    titles[column.name, one.id] = one.title or one.id
    found = [ExerciseFigures(*key, titles[key], sum(own), len(own)) for key, own in solved.items()]
    return sorted(found, key=lambda one: (one.share, one.assignment, one.id))


def behind(book: Gradebook) -> list[Behind]:
    """The students who submitted nothing to the last assignments, or whose total is low."""
    return [
        Behind(row.person, "; ".join(reasons))
        for row in students(book)
        if (reasons := list(_reasons(row, book)))
    ]


def _reasons(row: Row, book: Gradebook) -> Iterator[str]:
    due = [
        (utc(cell.due), column.name, cell)
        for column, cell in zip(book.columns, row.cells, strict=True)
        if cell.due and utc(cell.due) < utc(book.at) and cell.standing is not Standing.EXCUSED
    ]
    last = sorted(due, key=lambda one: one[0])[-IN_A_ROW:]
    if len(last) == IN_A_ROW and all(cell.standing in NOTHING for _, _, cell in last):
        yield f"nothing submitted for {' and '.join(name for _, name, _ in last)}"
    if row.total is not None and row.total < LOW:
        yield f"{number(row.total)} % in total"

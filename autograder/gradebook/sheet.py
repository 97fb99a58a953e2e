"""The gradebook as a CSV: a row for each person, a column for each assignment, and the reasons."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from autograder.gradebook.gradebook import Cell, Gradebook
from autograder.report.pages import FOR_EXCEL, inert
from autograder.report.sanitize import number
from autograder.submissions import door

_PERSON = ["student", "name", "section", "email"]


def write_sheet(book: Gradebook, path: Path) -> None:
    """Write the sheet into a file."""
    door.put(path, sheet(book))


def sheet(book: Gradebook) -> bytes:
    """The points, the total in per cent, and behind them why each cell is as it is.

    A cell without points is empty where nothing counts, and says ``excused`` where that is so.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    names = [inert(column.name) for column in book.columns]
    writer.writerow([*_PERSON, *names, "total %", *(f"{name}: why" for name in names)])
    possible = [number(column.max_points) for column in book.columns]
    writer.writerow(["", "points possible", "", "", *possible, "100"])
    for row in book.rows:
        person = row.person
        about = [inert(t) for t in (person.student, person.name, person.section, person.email)]
        total = "" if row.total is None else number(row.total)
        why = [inert(cell.why, limit=1000) for cell in row.cells]
        writer.writerow([*about, *map(_points, row.cells), total, *why])
    return text.getvalue().encode(FOR_EXCEL)


def _points(cell: Cell) -> str:
    if cell.points is not None:
        return number(cell.points)
    return str(cell.standing) if cell.standing == "excused" else ""

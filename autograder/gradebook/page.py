"""The gradebook as one page: everybody and every assignment in a table that sorts and explains."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from autograder.gradebook import statistics
from autograder.gradebook.gradebook import Cell, Column, Gradebook, Row, Standing
from autograder.gradebook.statistics import ColumnFigures
from autograder.gradebook.wording import moment
from autograder.report.render import data_block, digest, part, render
from autograder.report.sanitize import number, one_line

MOST = 12  # lines of a list whose people the table holds in full
_SHORT = {
    Standing.MISSING: "none",
    Standing.TOO_LATE: "too late",
    Standing.OPEN: "–",
    Standing.WAITING: "waits",
    Standing.EXCUSED: "excused",
    Standing.DROPPED: "dropped",
}


def gradebook_page(
    book: Gradebook, title: str, *, anonymous: bool = False, served: bool = False
) -> str:
    """The whole page as one HTML text; it needs nothing beside it.

    Where the live service shows it, its requests lead to the pages on which they are answered.
    """
    style = part("common.css") + part("class.css") + part("gradebook.css")
    script = part("gradebook.js")
    policy = f"default-src 'none'; script-src {digest(script)}; style-src {digest(style)}; "
    figures = statistics.column_figures(book)
    return render(
        "gradebook.html.j2",
        style=style,
        script=script,
        policy=policy + "base-uri 'none'; form-action 'none'",
        title=title,
        anonymous=anonymous,
        at=moment(book.at),
        columns=[_head(*pair) for pair in zip(book.columns, figures, strict=True)],
        facts=_facts(book),
        sections=sorted({one for row in book.rows for one in row.person.sections}),
        named=any(row.person.name for row in book.rows),
        behind=statistics.behind(book),
        exercises=[e for e in statistics.exercise_figures(book) if e.solved < e.tried][:MOST],
        requests=_requests(book, linked=served and not anonymous),
        most=MOST,
        data=data_block([_row(row) for row in book.rows]),
    )


def _head(column: Column, figures: ColumnFigures) -> dict[str, str]:
    """What stands above one assignment's cells."""
    due = column.policy.due
    counts = [f"{figures.missing} without" if figures.missing else ""]
    counts += [f"{figures.late} late" if figures.late else ""]
    return {
        "name": one_line(column.name, 60),
        "out_of": f"of {number(column.max_points)}" if column.max_points else "",
        "due": f"due {moment(due)}" if due else "",
        "mean": f"mean {number(figures.mean)} %" if figures.mean is not None else "no points yet",
        "counts": ", ".join(filter(None, counts)),
    }


def _facts(book: Gradebook) -> list[tuple[str, str]]:
    """The figures at the head of the page."""
    rows = statistics.students(book)
    totals = sorted(row.total for row in rows if row.total is not None)
    cells = [cell for row in book.rows for cell in row.cells]
    return [
        ("Students", f"{len(rows):,}"),
        ("Mean total", f"{sum(totals) / len(totals):.1f} %" if totals else "–"),
        ("Not graded yet", f"{sum(cell.standing is Standing.WAITING for cell in cells):,}"),
        ("Written answers to grade", f"{sum(len(cell.to_grade) for cell in cells):,}"),
        ("Open requests", f"{sum(len(cell.requests) for cell in cells):,}"),
        ("Remarks", f"{sum(len(cell.remarks) for cell in cells):,}"),
    ]


def _requests(book: Gradebook, *, linked: bool) -> list[tuple[str, str, str, str]]:
    """The students' open requests: who, on what, in their words, and where they are answered."""

    def where(assignment: str, student: str) -> str:
        return f"/class/{assignment}/students/{quote(student)}" if linked else ""

    return [
        (
            row.person.student,
            one.exercise or one.assignment,
            one_line(one.value, 300),
            where(one.assignment, row.person.student),
        )
        for row in book.rows
        for cell in row.cells
        for one in cell.requests
    ]


def _row(row: Row) -> dict[str, Any]:
    """One person's line in the table, every text cleaned."""
    return {
        "student": one_line(row.person.student, 80) or "(no name)",
        "name": one_line(row.person.name, 80),
        "section": one_line(row.person.section, 60),
        "total": row.total,
        "cells": [_cell(cell) for cell in row.cells],
    }


def _cell(cell: Cell) -> dict[str, Any]:
    said = [one_line(text, 500) for text in (*cell.remarks, *cell.notes)]
    return {
        "points": cell.points,
        "share": None if cell.share is None else min(int(cell.share * 5), 4),
        "word": "" if cell.standing is Standing.COUNTED else _SHORT[cell.standing],
        "marks": _marks(cell),
        "why": one_line(cell.why, 1000),
        **({"said": said} if said else {}),
    }


def _marks(cell: Cell) -> list[str]:
    """What is special about a cell, each by its word; the page's legend explains them."""
    special = {
        "late": cell.late,
        "by hand": cell.by_hand and cell.standing is Standing.COUNTED,
        "to grade": bool(cell.to_grade),
        "request": bool(cell.requests),
        "remark": bool(cell.remarks),
    }
    return [word for word, holds in special.items() if holds]

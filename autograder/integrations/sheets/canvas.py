"""Fills grades into the gradebook that was exported from Canvas."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from autograder.errors import UsageError
from autograder.integrations.lms_grades import (
    CANVAS_EXCUSED,
    CANVAS_IDS,
    CANVAS_POINTS,
    about,
    in_handle,
    number_given,
)
from autograder.integrations.sheets.filling import Filling, points_differ
from autograder.integrations.sheets.people import (
    Known,
    People,
    called,
    fold,
    folded,
    in_canvas,
    name_forms,
    names_of,
)
from autograder.integrations.sheets.sheet import Numbers, Sheet, read_sheet, value_of
from autograder.model import Person, Report
from autograder.report.sanitize import one_line
from autograder.submissions.roster import Roster

_TITLE = re.compile(r"(?P<title>.*)\s\(\d+\)", re.DOTALL)  # as Canvas calls a column
# What Canvas computes itself: the words by which its importer passes over such columns.
_COMPUTED = re.compile("(Current|Final) (Score|Points|Grade)|Override (Score|Grade|Status)")
_MOST_HEADS = 20  # in one sentence
_NOT_GIVEN = (CANVAS_EXCUSED, "N/A")  # not assigned, and Canvas ignores what stands there


def fill_canvas(
    reports: Sequence[Report],
    into: Path,
    out: Path,
    roster: Roster | None = None,
    titles: Mapping[str, str] | None = None,
    column: str | None = None,
) -> tuple[str, ...]:
    """Fill in an exported Canvas gradebook, any number of assignments; return the remarks.

    An assignment's column is the one that is called ``column``, else by its title or its name.
    """
    sheet = read_sheet(into)
    last = _canvas_section(sheet)
    names = sorted({report.assignment for report in reports})
    columns = {
        name: _canvas_column(sheet, last, [column] if column else [name, (titles or {}).get(name)])
        for name in _one_for(column, names)
    }
    lines = list(_canvas_lines(sheet, last))
    people = People(reports, roster)
    found, by_name = people.rows(lines, _known_to_canvas, in_canvas)
    every_cell = [cell for at in range(last + 1, len(sheet.head)) for cell in sheet.column(at)]
    remarks = list(about("Matched by the name alone", by_name))
    for name, at in columns.items():
        filling = Filling(sheet, at, Numbers.of(every_cell), people, found)
        remarks += _fill_canvas_column(filling, [r for r in reports if r.assignment == name], lines)
    sheet.write(out)
    return tuple(remarks)


def _one_for(column: str | None, names: Sequence[str]) -> Sequence[str]:
    if column and len(names) > 1:
        raise UsageError(
            f"The column {column!r} takes one assignment, and the results are of {len(names)}. "
            f"Name the folder of one, such as results/{names[0]}."
        )
    return names


def _canvas_section(sheet: Sheet) -> int:
    """The last column about the person, by the rules of Canvas's importer."""
    head = sheet.head
    starts = (("Student", "ID"), ("LastName", "FirstName", "ID"))
    if "Section" in head and any(tuple(head[: len(start)]) == start for start in starts):
        return head.index("Section")
    raise sheet.fault(
        "is not a gradebook that Canvas exported: it begins with Student and ID, and has a "
        "Section. In Canvas: Grades, Export, Export Entire Gradebook."
    )


def _canvas_column(sheet: Sheet, last: int, wanted: Sequence[str | None]) -> int:
    """The only column with one of these titles, with or without Canvas's number after it."""
    open_ = [at for at in range(last + 1, len(sheet.head)) if not _COMPUTED.search(sheet.head[at])]
    words = folded(*filter(None, wanted))
    fitting = [at for at in open_ if words & folded(sheet.head[at], _canvas_title(sheet.head[at]))]
    if len(fitting) == 1:
        return fitting[0]
    raise sheet.fault(
        f"{len(fitting) or 'no'} columns are called {' or '.join(filter(None, wanted))}. "
        f"Say which it is with --column. There are: {listed(sheet.head[at] for at in open_)}."
    )


def listed(heads: Iterable[str]) -> str:
    """Heads of columns in a sentence."""
    every = list(heads)
    more = f" and {len(every) - _MOST_HEADS} more" if len(every) > _MOST_HEADS else ""
    return "; ".join(one_line(head, 40) for head in every[:_MOST_HEADS]) + more


def _canvas_title(head: str) -> str:
    found = _TITLE.fullmatch(head)
    return found["title"] if found else head


def _canvas_lines(sheet: Sheet, last: int) -> Iterator[Known]:
    """The people of the gradebook: neither the points nor what is said of whole columns."""
    heads = {head: at for at, head in enumerate(sheet.head[: last + 1])}
    named = [heads[head] for head in ("Student", "FirstName", "LastName") if head in heads]
    for row in range(1, len(sheet.rows)):
        name = " ".join(sheet.cell(row, at) for at in named).strip()
        ids = tuple(cell_of(sheet, row, heads.get(head)) for head in CANVAS_IDS)
        if any([name, *ids]) and CANVAS_POINTS not in name:
            names = name_forms(name), called(name)
            yield Known(name or ids[0], ids, folded(*ids[1:]), *names, row=row)


def cell_of(sheet: Sheet, row: int, column: int | None) -> str:
    """A cell as words are compared; empty where there is no such column."""
    return "" if column is None else fold(sheet.cell(row, column))


def _known_to_canvas(person: Person) -> Known:
    ids = tuple(fold(person.id(kind)) for kind in CANVAS_IDS.values())
    words = folded(person.student, person.email)
    own = number_given(person, "canvas") if person.numbered else in_handle(person)[1]
    return Known(person.student, ids, words, names_of(person), called(person.name), own)


def _fill_canvas_column(
    filling: Filling, reports: Sequence[Report], lines: Sequence[Known]
) -> list[str]:
    sheet, at = filling.sheet, filling.column
    for report, line in filling.lines(reports):
        old = sheet.cell(line.row, at).strip()
        if old.upper() in _NOT_GIVEN:
            filling.said["Excused or not assigned in Canvas, so left"].append(line.label)
        elif report.excused:
            filling.put(line, CANVAS_EXCUSED)
        else:
            filling.grade(report, line)
    filling.ungraded(lines, reports)
    points = [row for row in range(1, len(sheet.rows)) if CANVAS_POINTS in sheet.cell(row, 0)]
    theirs = value_of(sheet.cell(points[0], at)) if points else None
    where = one_line(sheet.head[at], 80)
    differ = points_differ(where, theirs, max(report.max_score for report in reports))
    return [*differ, *(f"{where}: {remark}" for remark in filling.remarks())]

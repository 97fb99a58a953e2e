"""Fills grades and feedback into the grading worksheet that was downloaded from Moodle.

A site may have it show whatever its people say of themselves: a department, a city. So nobody is
known by any other cell than the address, the user name and the ID number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.integrations.lms_grades import (
    MOODLE_LANGUAGES,
    about,
    feedback,
    grade,
    moodle_number,
    one_assignment,
)
from autograder.integrations.sheets.canvas import cell_of, listed
from autograder.integrations.sheets.filling import Filling, points_differ
from autograder.integrations.sheets.people import (
    Known,
    People,
    called,
    fold,
    folded,
    in_moodle,
    name_forms,
    names_of,
)
from autograder.integrations.sheets.sheet import Numbers, Sheet, read_sheet, value_of
from autograder.model import Person, Report
from autograder.report.pages import inert
from autograder.report.sanitize import number
from autograder.report.summary import score_of
from autograder.submissions.roster import Roster

_LANGUAGE_KNOWN = 6  # headings of Moodle: kindred languages share fewer


def fill_moodle(
    reports: Sequence[Report], into: Path, out: Path, roster: Roster | None = None
) -> tuple[str, ...]:
    """Fill in the grading worksheet of one Moodle assignment; return the remarks."""
    one_assignment(reports)
    sheet = read_sheet(into)
    columns = _MoodleColumns.of(sheet)
    lines = list(_moodle_lines(sheet, columns))
    people = People(reports, roster)
    found, by_name = people.rows(lines, _known_to_moodle, in_moodle)
    numbers = Numbers.of([*sheet.column(columns.grade), *sheet.column(columns.maximum)])
    filling = Filling(sheet, columns.grade, numbers, people, found)
    pairs = list(_open_rows(filling, columns, reports))
    _refuse_grades_above(sheet, columns, pairs)
    for report, line in pairs:
        filling.grade(report, line)
        _fill_feedback(filling, columns.feedback, report, line)
    filling.ungraded(lines, reports)
    sheet.write(out)
    ours = max(report.max_score for report in reports)
    theirs = next(
        (value for cell in sheet.column(columns.maximum) if (value := value_of(cell))), None
    )
    return (
        *points_differ(reports[0].assignment, theirs, ours),
        *about("Matched by the name alone", by_name),
        *filling.remarks(),
    )


@dataclass(frozen=True)
class _MoodleColumns:
    """Where what is in a worksheet, of whatever language."""

    identifier: int
    name: int | None
    email: int | None
    words: tuple[int, ...]  # user name and ID number
    grade: int
    maximum: int
    changeable: int | None
    feedback: int | None
    locked: frozenset[str]  # what "Grade can be changed" says of a grade that cannot be

    @staticmethod
    def of(sheet: Sheet) -> _MoodleColumns:
        """By the headings of the language that knows most of them, else by what stands there."""
        language = max(MOODLE_LANGUAGES, key=lambda one: len(_places(sheet, one)))
        places = _places(sheet, language)
        _refuse_scale(sheet, places)
        identifier = places.get("identifier", _find_identifier(sheet))
        maximum = places.get("maximum", _find_maximum(sheet))
        undated = len(places) >= _LANGUAGE_KNOWN and "modified" not in places
        if identifier is None or maximum is None or undated:
            raise sheet.fault(
                "is not a whole grading worksheet of Moodle, which has Identifier, Grade, Maximum "
                'Grade and "Last modified (grade)". In Moodle: the assignment, Submissions, '
                f"Download grading worksheet. It has: {listed(sheet.head)}."
            )
        at = places.get("grade", maximum - 1)
        about = range(identifier + 1, places.get("status", at))
        name = places.get("name", identifier + 1)
        others = [place for place in about if place != name]
        words = [_one_of(sheet, others, language[kind]) for kind in ("username", "idnumber")]
        email = _one_of(sheet, others, language["email"])
        return _MoodleColumns(
            identifier, name if name in about else None,
            _find_addresses(sheet, others) if email is None else email,
            tuple(place for place in words if place is not None), at, maximum,
            places.get("changeable"), places.get("feedback"),
            folded(*language["no"]) if "changeable" in places else frozenset(),
        )  # fmt: skip


def _one_of(sheet: Sheet, places: Sequence[int], words: Sequence[str]) -> int | None:
    """The first of some columns with one of these headings."""
    wanted = folded(*words)
    return next((at for at in places if fold(sheet.head[at]) in wanted), None)


def _find_addresses(sheet: Sheet, places: Sequence[int]) -> int | None:
    """The first column that has addresses for most people: one alone says that somebody is odd."""
    for at in places:
        cells = sheet.column(at)
        if sum(map(_is_address, cells)) * 2 > len(cells):
            return at
    return None


def _is_address(cell: str) -> bool:
    return re.fullmatch(r"[^\s@]+@[^\s@]+", cell.strip()) is not None


def _places(sheet: Sheet, language: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Which columns a language's headings name."""
    heads = [fold(head) for head in sheet.head]
    found = {
        column: next((heads.index(fold(word)) for word in words if fold(word) in heads), None)
        for column, words in language.items()
        if column != "no"
    }
    return {column: at for column, at in found.items() if at is not None}


def _find_identifier(sheet: Sheet) -> int | None:
    """The first column of one word and a number that is another in each row."""
    for at in range(len(sheet.head)):
        parts = [re.fullmatch(r"(\D*)(\d+)", cell.strip()) for cell in sheet.column(at)]
        known = [part.groups() for part in parts if part]
        if known and len(known) == len(parts) == len({own for _, own in known}):
            return at
    return None


def _find_maximum(sheet: Sheet) -> int | None:
    """The column of one number in all rows, with the grades on its left."""
    for at in range(1, len(sheet.head)):
        cells, before = sheet.column(at), sheet.column(at - 1)
        grades = all(not cell.strip() or value_of(cell) is not None for cell in before)
        if grades and cells and len(set(cells)) == 1 and value_of(cells[0]):
            return at
    return None


def _refuse_scale(sheet: Sheet, places: Mapping[str, int]) -> None:
    if "scale" in places and "maximum" not in places:
        raise sheet.fault(
            "the assignment is graded by a scale of words in Moodle. Grade it by points there, "
            "and download the worksheet again."
        )


def _moodle_lines(sheet: Sheet, columns: _MoodleColumns) -> Iterator[Known]:
    for row in range(1, len(sheet.rows)):
        identifier = sheet.cell(row, columns.identifier).strip()
        found = re.fullmatch(r"(\D*)(\d+)", identifier)
        if found:
            ids = (cell_of(sheet, row, columns.email),)
            words = folded(*(sheet.cell(row, at) for at in columns.words))
            name = sheet.cell(row, columns.name).strip() if columns.name is not None else ""
            # Somebody whose files were downloaded while Moodle hid the names is "Participant" here.
            names = name_forms(name) | name_forms(found[1]) if name else frozenset[str]()
            yield Known(name or identifier, ids, words, names, called(name), found[2], row)


def _known_to_moodle(person: Person) -> Known:
    words = folded(person.student, person.email, person.id("login_id"), person.id("sis_id"))
    address = person.email or (person.student if _is_address(person.student) else "")
    names = names_of(person), called(person.name)
    return Known(person.student, (fold(address),), words, *names, moodle_number(person))


def _refuse_grades_above(
    sheet: Sheet, columns: _MoodleColumns, pairs: Sequence[tuple[Report, Known]]
) -> None:
    above = [
        f"{line.label} ({grade(report)} of {number(most)})"
        for report, line in pairs
        if (most := value_of(sheet.cell(line.row, columns.maximum))) is not None
        and (score_of(report) or 0) > most
    ]
    for remark in about("Moodle takes no grade above its maximum", above):
        points = number(max(report.max_score for report, _ in pairs))
        raise sheet.fault(
            f"{remark} Set the assignment's maximum grade in Moodle to {points}, and download the "
            "worksheet again."
        )


def _open_rows(
    filling: Filling, columns: _MoodleColumns, reports: Sequence[Report]
) -> Iterator[tuple[Report, Known]]:
    """The rows whose grade can be changed."""
    for report, line in filling.lines(reports):
        if cell_of(filling.sheet, line.row, columns.changeable) in columns.locked:
            filling.said["Moodle lets nobody change the grade, so left"].append(line.label)
        else:
            yield report, line


def _fill_feedback(filling: Filling, at: int | None, report: Report, line: Known) -> None:
    """Put what a student reads into its cell, never over what somebody wrote there."""
    told = inert(feedback(report), limit=2000)
    if at is None or not told or not grade(report):
        return
    if filling.sheet.cell(line.row, at).strip() in ("", told):
        filling.sheet.put(line.row, at, told)
    else:
        filling.said["The feedback of the sheet was kept"].append(line.label)

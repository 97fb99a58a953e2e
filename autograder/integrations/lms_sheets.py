"""Fills grades into the very sheet that was downloaded from Canvas or Moodle.

Its language, order, delimiter, encoding and columns stay, and so does every cell but the grades of
those who have one here (in Moodle their empty feedback too). Who is who is known by ids; by the
name alone only where it is one person's, and then a remark says so.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from autograder.errors import UsageError
from autograder.integrations.lms_grades import (
    CANVAS_IDS,
    CANVAS_POINTS,
    MOODLE_LANGUAGES,
    about,
    feedback,
    grade,
    moodle_number,
    one_assignment,
    split_handle,
)
from autograder.model import Person, Report
from autograder.report.pages import inert
from autograder.report.sanitize import number, one_line
from autograder.submissions.roster import Roster

_LONGEST_CELL = 1 << 27  # Moodle's sheets hold texts that students wrote online
_TITLE = re.compile(r"(?P<title>.*)\s\(\d+\)", re.DOTALL)  # as Canvas calls a column
# What Canvas computes itself: the words by which its importer passes over such columns.
_COMPUTED = re.compile("(Current|Final) (Score|Points|Grade)|Override (Score|Grade|Status)")
_NOT_GIVEN = ("EX", "N/A")  # excused; not assigned, and Canvas ignores what stands there
_LANGUAGE_KNOWN = 6  # headings of Moodle: kindred languages share fewer


# --- the sheet ------------------------------------------------------------------------------------


@dataclass
class Sheet:
    """A CSV file's cells, and the form in which they were written."""

    path: Path
    rows: list[list[str]]
    encoding: str
    delimiter: str
    newline: str

    @property
    def head(self) -> list[str]:
        """The cells of the first row."""
        return self.rows[0]

    def cell(self, row: int, column: int) -> str:
        """One cell; empty where the row is too short."""
        return self.rows[row][column] if column < len(self.rows[row]) else ""

    def column(self, column: int) -> list[str]:
        """The cells below a heading."""
        return [self.cell(row, column) for row in range(1, len(self.rows))]

    def put(self, row: int, column: int, text: str) -> None:
        """Change one cell."""
        cells = self.rows[row]
        cells.extend([""] * (column + 1 - len(cells)))
        cells[column] = text

    def write(self, path: Path) -> None:
        """Write the sheet in the form in which it was read."""
        # An older alphabet can lack a letter of our feedback; what was read it always has.
        with path.open("w", encoding=self.encoding, newline="", errors="replace") as file:
            writer = csv.writer(file, delimiter=self.delimiter, lineterminator=self.newline)
            writer.writerows(self.rows)

    def fault(self, what: str) -> UsageError:
        """An error about this sheet."""
        return UsageError(f"{self.path}: {what}")


def read_sheet(path: Path) -> Sheet:
    """Read a CSV file that a learning management system wrote, or a spreadsheet saved again."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be read ({error.strerror}). Name the CSV file that you downloaded."
        ) from error
    try:
        text, encoding = _decode(data)
        delimiter = max(",;\t", key=lambda mark: _width(text, mark))
        with _long_cells():
            rows = list(_reader(text, delimiter))
    except (ValueError, csv.Error) as error:
        raise UsageError(
            f"{path}: is not a CSV file ({error}). Download it again, or save it as CSV UTF-8."
        ) from error
    if not rows:
        raise UsageError(f"{path}: is empty. Download it again.")
    first_line, end, _ = text.partition("\n")
    return Sheet(
        path, rows, encoding, delimiter, "\r\n" if first_line[-1:] + end == "\r\n" else "\n"
    )


def _decode(data: bytes) -> tuple[str, str]:
    """The text and its encoding: UTF-8, else that of Excel in western countries."""
    if b"\0" in data:
        raise ValueError("it holds zero bytes, as a workbook does")
    marked = data.startswith(codecs.BOM_UTF8)
    try:
        encoding = "utf-8-sig" if marked else "utf-8"
        return data.decode(encoding), encoding
    except UnicodeDecodeError:
        return data.decode("cp1252"), "cp1252"


def _reader(text: str, delimiter: str) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)


def _width(text: str, delimiter: str) -> int:
    """How many cells the first row has with this delimiter."""
    try:
        return len(next(_reader(text, delimiter), []))
    except csv.Error:
        return 0


@contextmanager
def _long_cells() -> Iterator[None]:
    before = csv.field_size_limit(_LONGEST_CELL)
    try:
        yield
    finally:
        csv.field_size_limit(before)


@dataclass(frozen=True)
class _Numbers:
    """How a sheet writes numbers."""

    comma: bool

    @staticmethod
    def of(cells: Sequence[str]) -> _Numbers:
        """Follow the cells; a point where they do not tell, which every importer understands."""
        commas = any(re.fullmatch(r"\d+,\d+", cell.strip()) for cell in cells)
        points = any(re.fullmatch(r"\d+\.\d+", cell.strip()) for cell in cells)
        return _Numbers(commas and not points)

    def write(self, text: str) -> str:
        return text.replace(".", ",") if self.comma else text


def _value(cell: str) -> float | None:
    """The number in a cell."""
    text = cell.strip().replace(",", ".")
    return float(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else None


# --- who is who -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Known:
    """By what somebody is known: in a row of the sheet, or here."""

    label: str
    ids: tuple[str, ...]  # one for each kind of the system's own ids, the surest first
    words: frozenset[str]  # other ids, of whatever kind
    names: frozenset[str]
    number: str = ""  # the system's own number, where it is known from the submission alone
    row: int = 0

    @cached_property
    def tokens(self) -> frozenset[str]:
        """All of it; who is the same person shares one of them."""
        return frozenset({*self.ids, self.number, *self.words, *self.names} - {""})

    def shares_name(self, other: _Known) -> bool:
        """Whether both are called the same, whichever name comes first."""
        return bool(self.names & other.names)


Decide = Callable[[_Known, _Known], bool | None]  # the same person, somebody else, or unclear


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()


def _words(*texts: str) -> frozenset[str]:
    return frozenset(map(_fold, texts)) - {""}


def _names(text: str) -> frozenset[str]:
    """A name's letters, in its own order ("Doe, Jane" becomes doejane) and by the alphabet."""
    words = re.findall(r"[^\W_]+", _fold(text))
    return frozenset({"".join(words), "".join(sorted(words))} - {""})


def _names_of(person: Person) -> frozenset[str]:
    """A handle is a name only where nothing else is known of somebody."""
    known = person.ids or person.email
    told = person.name or split_handle(person.student)[0]
    return _names(told or ("" if known else person.student))


def _in_canvas(known: _Known, line: _Known) -> bool | None:
    """The first id that both sides have decides; a number from a file needs the name's consent."""
    for own, theirs in zip(known.ids, line.ids, strict=True):
        if own and theirs:
            return own == theirs
    if known.words & line.words:
        return True
    if known.number and line.ids[0]:
        return known.number == line.ids[0] and known.shares_name(line)
    return None


def _in_moodle(known: _Known, line: _Known) -> bool | None:
    """Address and login are a person's own; the number is another in each assignment.

    So a number of another assignment, or of Moodle's list of people, can be somebody else's here.
    """
    if known.words & line.words:
        return True
    if not known.number or known.number != line.number:
        return None
    if known.names and line.names:
        return known.shares_name(line)
    return not (_has_address(known) and _has_address(line))


def _has_address(known: _Known) -> bool:
    return any("@" in word for word in known.words)


class _People:
    """Who has results, and what the sheet may be asked about them."""

    def __init__(self, reports: Sequence[Report], roster: Roster | None) -> None:
        self._roster = roster
        self._known = {person.student: person for person in roster.people} if roster else {}
        self.handles = sorted({report.student for report in reports})

    def rows(
        self, lines: Sequence[_Known], know: Callable[[Person], _Known], decide: Decide
    ) -> tuple[dict[str, _Known], list[str]]:
        """The row of each handle that has one, and the handles found by name alone."""
        index: defaultdict[str, list[_Known]] = defaultdict(list)
        for line in lines:
            for token in line.tokens:
                index[token].append(line)
        namesakes = self._namesakes(know)
        found, by_name = {}, []
        for handle in self.handles:
            known = know(self.person(handle))
            found_at = {line.row: line for token in known.tokens for line in index[token]}
            near = [found_at[row] for row in sorted(found_at)]
            same = [line for line in near if decide(known, line)]
            if not same and self._may_be_named(handle):
                same = _by_name(known, near, namesakes, decide)
                by_name += [self.label(handle) for _ in same]
            if len(same) > 1:
                rows = ", ".join(str(line.row + 1) for line in same)
                raise UsageError(
                    f"{one_line(handle)}: the result fits the rows {rows} of the sheet. Correct "
                    "the ids in the roster, or take one of the rows out."
                )
            if same:
                found[handle] = same[0]
        return found, by_name

    def person(self, handle: str) -> Person:
        """The roster's person, or one of whom only the handle is known."""
        return self._known.get(handle, Person(handle))

    def label(self, handle: str) -> str:
        """How remarks call somebody."""
        name = self.person(handle).name
        return f"{name} ({handle})" if name else handle

    def _may_be_named(self, handle: str) -> bool:
        """With a roster, a stranger's handle is not taken for anybody's name."""
        return self._roster is None or handle in self._known

    def _namesakes(self, know: Callable[[Person], _Known]) -> Counter[str]:
        """How many people bear each name, whether or not they handed in."""
        everybody = {**self._known, **{handle: self.person(handle) for handle in self.handles}}
        return Counter(name for person in everybody.values() for name in know(person).names)


def _by_name(
    known: _Known, lines: Sequence[_Known], namesakes: Counter[str], decide: Decide
) -> list[_Known]:
    """The only row of this name, unless an id says that it is somebody else's."""
    same = [line for line in lines if known.shares_name(line)]
    alone = len(same) == 1 and max(namesakes[name] for name in known.names) == 1
    return same if alone and decide(known, same[0]) is None else []


# --- what is filled in, and what is said of it ----------------------------------------------------


@dataclass
class _Filling:
    """The grades of one assignment on their way into one column."""

    sheet: Sheet
    column: int
    numbers: _Numbers
    people: _People
    found: Mapping[str, _Known]
    said: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def lines(self, reports: Sequence[Report]) -> Iterator[tuple[Report, _Known]]:
        """Each report with its row; two of one row are refused."""
        owners: dict[int, str] = {}
        for report in reports:
            line = self.found.get(report.student)
            if line is None:
                self.said["Results without a row"].append(self.people.label(report.student))
                continue
            other = owners.setdefault(line.row, report.student)
            if other != report.student:
                raise self.sheet.fault(
                    f"row {line.row + 1} ({one_line(line.label)}) fits the results of "
                    f"{one_line(other)} and {one_line(report.student)}. Take one of them away, or "
                    "correct the ids in the roster."
                )
            yield report, line

    def grade(self, report: Report, line: _Known) -> None:
        """Put a grade into its cell; the same number stays as it was written."""
        new, old = grade(report), self.sheet.cell(line.row, self.column)
        if not new:
            self.said["Not graded here, so left as in the sheet"].append(line.label)
        elif _value(old) != float(new):
            if old.strip(" -"):
                self.said["Another grade was replaced"].append(f"{line.label} ({old})")
            self.sheet.put(line.row, self.column, self.numbers.write(new))

    def ungraded(self, lines: Sequence[_Known], reports: Sequence[Report]) -> None:
        """Note who of the sheet has no result."""
        rows = {self.found[r.student].row for r in reports if r.student in self.found}
        self.said["People of the sheet without a result"] += [
            line.label for line in lines if line.row not in rows
        ]

    def remarks(self) -> list[str]:
        """All that has to be known."""
        return [remark for what, names in self.said.items() for remark in about(what, names)]


def _points_differ(where: str, theirs: float | None, ours: float) -> list[str]:
    if theirs is None or theirs == ours:
        return []
    return [
        f"{where}: {number(theirs)} points can be had in the sheet and {number(ours)} here; "
        "the scores are written as they are."
    ]


# --- Canvas ---------------------------------------------------------------------------------------


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
    people = _People(reports, roster)
    found, by_name = people.rows(lines, _known_to_canvas, _in_canvas)
    every_cell = [cell for at in range(last + 1, len(sheet.head)) for cell in sheet.column(at)]
    remarks = list(about("Matched by the name alone", by_name))
    for name, at in columns.items():
        filling = _Filling(sheet, at, _Numbers.of(every_cell), people, found)
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
    words = _words(*filter(None, wanted))
    fitting = [at for at in open_ if words & _words(sheet.head[at], _canvas_title(sheet.head[at]))]
    if len(fitting) == 1:
        return fitting[0]
    raise sheet.fault(
        f"{len(fitting) or 'no'} columns are called {' or '.join(filter(None, wanted))}. "
        f"Say which it is with --column. There are: {_listed(sheet.head[at] for at in open_)}."
    )


def _listed(heads: Iterable[str]) -> str:
    return "; ".join(one_line(head, 80) for head in heads)


def _canvas_title(head: str) -> str:
    found = _TITLE.fullmatch(head)
    return found["title"] if found else head


def _canvas_lines(sheet: Sheet, last: int) -> Iterator[_Known]:
    """The people of the gradebook: neither the points nor what is said of whole columns."""
    heads = {head: at for at, head in enumerate(sheet.head[: last + 1])}
    named = [heads[head] for head in ("Student", "FirstName", "LastName") if head in heads]
    for row in range(1, len(sheet.rows)):
        name = " ".join(sheet.cell(row, at) for at in named).strip()
        ids = tuple(_cell_of(sheet, row, heads.get(head)) for head in CANVAS_IDS)
        if any([name, *ids]) and CANVAS_POINTS not in name:
            yield _Known(name or ids[0], ids, _words(*ids[1:]), _names(name), row=row)


def _cell_of(sheet: Sheet, row: int, column: int | None) -> str:
    return "" if column is None else _fold(sheet.cell(row, column))


def _known_to_canvas(person: Person) -> _Known:
    ids = tuple(_fold(person.id(kind)) for kind in CANVAS_IDS.values())
    words, own = _words(person.student, person.email), split_handle(person.student)[1]
    return _Known(person.student, ids, words, _names_of(person), own)


def _fill_canvas_column(
    filling: _Filling, reports: Sequence[Report], lines: Sequence[_Known]
) -> list[str]:
    sheet, at = filling.sheet, filling.column
    for report, line in filling.lines(reports):
        old = sheet.cell(line.row, at).strip()
        if old.upper() in _NOT_GIVEN:
            filling.said["Excused or not assigned in Canvas, so left"].append(line.label)
        else:
            filling.grade(report, line)
    filling.ungraded(lines, reports)
    points = [row for row in range(1, len(sheet.rows)) if CANVAS_POINTS in sheet.cell(row, 0)]
    theirs = _value(sheet.cell(points[0], at)) if points else None
    where = one_line(sheet.head[at], 80)
    differ = _points_differ(where, theirs, max(report.max_score for report in reports))
    return [*differ, *(f"{where}: {remark}" for remark in filling.remarks())]


# --- Moodle ---------------------------------------------------------------------------------------


def fill_moodle(
    reports: Sequence[Report], into: Path, out: Path, roster: Roster | None = None
) -> tuple[str, ...]:
    """Fill in the grading worksheet of one Moodle assignment; return the remarks."""
    one_assignment(reports)
    sheet = read_sheet(into)
    columns = _MoodleColumns.of(sheet)
    lines = list(_moodle_lines(sheet, columns))
    people = _People(reports, roster)
    found, by_name = people.rows(lines, _known_to_moodle, _in_moodle)
    numbers = _Numbers.of([*sheet.column(columns.grade), *sheet.column(columns.maximum)])
    filling = _Filling(sheet, columns.grade, numbers, people, found)
    pairs = list(_open_rows(filling, columns, reports))
    _refuse_grades_above(sheet, columns, pairs)
    for report, line in pairs:
        filling.grade(report, line)
        _fill_feedback(filling, columns.feedback, report, line)
    filling.ungraded(lines, reports)
    sheet.write(out)
    ours = max(report.max_score for report in reports)
    theirs = next(
        (value for cell in sheet.column(columns.maximum) if (value := _value(cell))), None
    )
    return (
        *_points_differ(reports[0].assignment, theirs, ours),
        *about("Matched by the name alone", by_name),
        *filling.remarks(),
    )


@dataclass(frozen=True)
class _MoodleColumns:
    """Where what is in a worksheet, of whatever language."""

    identifier: int
    name: int
    status: int  # between the name and it stand the address and other ids
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
                f"Download grading worksheet. It has: {_listed(sheet.head)}."
            )
        at = places.get("grade", maximum - 1)
        name = places.get("name", identifier + 1)
        return _MoodleColumns(
            identifier, name, places.get("status", at), at, maximum,
            places.get("changeable"), places.get("feedback"),
            _words(*language["no"]) if "changeable" in places else frozenset(),
        )  # fmt: skip


def _places(sheet: Sheet, language: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Which columns a language's headings name."""
    heads = [_fold(head) for head in sheet.head]
    found = {
        column: next((heads.index(_fold(word)) for word in words if _fold(word) in heads), None)
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
        grades = all(not cell.strip() or _value(cell) is not None for cell in before)
        if grades and cells and len(set(cells)) == 1 and _value(cells[0]):
            return at
    return None


def _refuse_scale(sheet: Sheet, places: Mapping[str, int]) -> None:
    if "scale" in places and "maximum" not in places:
        raise sheet.fault(
            "the assignment is graded by a scale of words in Moodle. Grade it by points there, "
            "and download the worksheet again."
        )


def _moodle_lines(sheet: Sheet, columns: _MoodleColumns) -> Iterator[_Known]:
    for row in range(1, len(sheet.rows)):
        identifier = sheet.cell(row, columns.identifier).strip()
        found = re.fullmatch(r"(\D*)(\d+)", identifier)
        if found:
            places = range(columns.identifier + 1, columns.status)
            words = _words(*(sheet.cell(row, at) for at in places if at != columns.name))
            name = sheet.cell(row, columns.name).strip() if columns.name in places else ""
            # Somebody whose files were downloaded while Moodle hid the names is "Participant" here.
            names = _names(name) | _names(found[1]) if name else frozenset[str]()
            yield _Known(name or identifier, (), words, names, found[2], row)


def _known_to_moodle(person: Person) -> _Known:
    words = _words(person.student, person.email, person.id("login_id"), person.id("sis_id"))
    return _Known(person.student, (), words, _names_of(person), moodle_number(person))


def _refuse_grades_above(
    sheet: Sheet, columns: _MoodleColumns, pairs: Sequence[tuple[Report, _Known]]
) -> None:
    above = [
        f"{line.label} ({grade(report)} of {number(most)})"
        for report, line in pairs
        if (most := _value(sheet.cell(line.row, columns.maximum))) is not None
        and report.score > most
    ]
    for remark in about("Moodle takes no grade above its maximum", above):
        points = number(max(report.max_score for report, _ in pairs))
        raise sheet.fault(
            f"{remark} Set the assignment's maximum grade in Moodle to {points}, and download the "
            "worksheet again."
        )


def _open_rows(
    filling: _Filling, columns: _MoodleColumns, reports: Sequence[Report]
) -> Iterator[tuple[Report, _Known]]:
    """The rows whose grade can be changed."""
    for report, line in filling.lines(reports):
        if _cell_of(filling.sheet, line.row, columns.changeable) in columns.locked:
            filling.said["Moodle lets nobody change the grade, so left"].append(line.label)
        else:
            yield report, line


def _fill_feedback(filling: _Filling, at: int | None, report: Report, line: _Known) -> None:
    """Put what a student reads into its cell, never over what somebody wrote there."""
    told = inert(feedback(report), limit=2000)
    if at is None or not told or not grade(report):
        return
    if filling.sheet.cell(line.row, at).strip() in ("", told):
        filling.sheet.put(line.row, at, told)
    else:
        filling.said["The feedback of the sheet was kept"].append(line.label)

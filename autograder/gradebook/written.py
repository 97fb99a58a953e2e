"""Written answers on their way to people and back: a sheet for one question across all students.

Each item of the rubric has a column: ``x`` gives its points, a number gives that many. A number
under ``points`` stands in the place of the items' sum. What is read back becomes an adjustment, so
that every re-grade keeps it; a row that says nothing new adds nothing.
"""

from __future__ import annotations

import csv
import datetime
import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from autograder.errors import SubmissionError, UsageError
from autograder.gradebook.adjustments import Adjustment, Kind, changed_points, points_change
from autograder.gradebook.decisions import Book
from autograder.model import Job, Person, Report, RubricItem, Written
from autograder.report.pages import FOR_EXCEL, defused, inert
from autograder.report.sanitize import clean, number
from autograder.submissions import door, read
from autograder.submissions.roster import Row, Table, read_table

_GIVEN = ("x", "✓", "yes")
_FIRST = ("assignment", "exercise", "student", "key", "answer")
_LAST = ("points", "comment")
_LONGEST = 20_000  # letters of an answer
_NO_WORDS = "graded by hand"  # the reason where nobody gives one


@dataclass(frozen=True)
class Mark:
    """What somebody gave for one written answer."""

    student: str
    points: float
    comment: str


# --- to people -----------------------------------------------------------------------------------


def answer(job: Job, exercise: str, stub: str) -> str:
    """A student's text, and of a very long one the start.

    Empty where the stub is all there is, or nobody can read the file.
    """
    try:
        cells = read.cells(read.content(job.path), job.path.name) if not job.problem else []
    except (SubmissionError, *read.TOO_MUCH):
        return ""
    texts = [cell.source for cell in cells if cell.grade_id == exercise]
    text = texts[-1][:_LONGEST] if texts else ""
    return "" if text.strip() == stub.strip() else text


def write_sheet(
    assignment: str,
    written: Written,
    stub: str,
    jobs: Sequence[Job],
    path: Path,
    *,
    anonymous: bool,
) -> int:
    """Write the sheet of one question; return how many students answered it.

    An anonymous sheet has a key for each student, in the order of the keys.
    """
    answers = [(job, answer(job, written.id, stub)) for job in jobs]
    rows = [
        _row(assignment, written, job, text, anonymous=anonymous) for job, text in answers if text
    ]
    place = _FIRST.index("key" if anonymous else "student")
    rows.sort(key=lambda row: row[place])
    sheet = io.StringIO(newline="")
    writer = csv.writer(sheet)
    writer.writerow([*_FIRST, *map(_column, written.rubric), *_LAST])
    writer.writerows(rows)
    door.put(path, sheet.getvalue().encode(FOR_EXCEL))
    return len(rows)


def _row(assignment: str, written: Written, job: Job, text: str, *, anonymous: bool) -> list[str]:
    shown = "" if anonymous else inert(job.student)
    said = defused(clean(text))
    return [assignment, written.id, shown, _key_in_sheet(job.student, read.sha256(job.path)), said]


def key_of(student: str, digest: str) -> str:
    """What stands for a student where names are hidden: it says nothing without their file."""
    return hashlib.sha256(f"{digest}\n{student}".encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _key_in_sheet(student: str, digest: str) -> str:
    """The key behind a letter: a spreadsheet would take 428137194042 or 3650813901e1 for numbers.

    In sheets of earlier versions the key stands alone.
    """
    return f"k{key_of(student, digest)}"


def _column(item: RubricItem) -> str:
    return inert(f"{item.name} ({number(item.points)})")


# --- and back ------------------------------------------------------------------------------------


def read_sheet(
    path: Path, assignment: str, written: Written, reports: Iterable[Report]
) -> list[Mark]:
    """Read what people gave; rows without any mark are passed over.

    Raises:
        UsageError: a cell cannot be read, a row is about another question, or a student is not
            known or has two marks; it names the line.
    """
    table = read_table(path)
    columns = _columns(table, written, path)
    students = {
        key(report.student, report.sha256): report.student
        for report in reports
        for key in (_key_in_sheet, key_of)
    }
    lines: dict[str, int] = {}
    marks = []
    for row in table.rows:
        _check_question(row, columns, assignment, written, path)
        if mark := _mark(row, columns, written, students, path):
            _check_first(mark, lines.setdefault(mark.student, row.line), row, path)
            marks.append(mark)
    return marks


def _check_question(
    row: Row, columns: Mapping[str, int], assignment: str, written: Written, path: Path
) -> None:
    """Refuse a sheet of another question, whose rubric may have the same items."""
    about = tuple(row.cells[columns[name]] for name in ("assignment", "exercise"))
    if about != (assignment, written.id):
        raise UsageError(
            f"{path}, line {row.line}: is about {' and '.join(about)}, not about {assignment} and "
            f"{written.id}. Name the question that the sheet is of."
        )


def _check_first(mark: Mark, first: int, row: Row, path: Path) -> None:
    if first != row.line:
        raise UsageError(
            f"{path}, line {row.line}: {mark.student} has a mark on line {first} already. "
            "Keep one of the two rows."
        )


def _columns(table: Table, written: Written, path: Path) -> dict[str, int]:
    places = {head: at for at, head in enumerate(table.head)}
    missing = [name for name in (*_FIRST[:4], *_LAST) if name not in places]
    missing += [name for name in map(_column, written.rubric) if name not in places]
    if missing:
        raise UsageError(f"{path}: has no column {missing[0]}. Keep the columns of the sheet.")
    return places


def _mark(
    row: Row,
    columns: Mapping[str, int],
    written: Written,
    students: Mapping[str, str],
    path: Path,
) -> Mark | None:
    cells = {name: row.cells[at] for name, at in columns.items()}
    where = f"{path}, line {row.line}"
    given = [
        (item, _given(cells[_column(item)], item, where))
        for item in written.rubric
        if cells[_column(item)]
    ]
    if not given and not cells["points"]:
        return None
    student = students.get(cells["key"]) or cells["student"]
    if not student:
        raise UsageError(f"{where}: nobody's result fits the key. Name the results with --results.")
    return _marked(student, written, given, cells["points"], cells["comment"], where)


def marked(student: str, written: Written, items: Iterable[str], points: str, comment: str) -> Mark:
    """What somebody gives by the names of rubric items, or by a number in the place of their sum.

    Raises:
        UsageError: the points are no number, or more than can be had.
    """
    names = set(items)
    given = [(one, Decimal(str(one.points))) for one in written.rubric if one.name in names]
    return _marked(student, written, given, points.strip(), comment.strip(), written.title)


def _marked(
    student: str,
    written: Written,
    given: Sequence[tuple[RubricItem, Decimal]],
    number_given: str,
    comment: str,
    where: str,
) -> Mark:
    points = sum((one for _, one in given), Decimal(0))
    if number_given:
        points = _number(number_given, where)
    if not 0 <= points <= Decimal(str(written.points)):
        raise UsageError(f"{where}: {points} points, but 0 to {number(written.points)} can be had.")
    said = [item.text for item, _ in given]
    return Mark(student, float(points), " ".join([*said, *filter(None, [comment])]))


def _given(cell: str, item: RubricItem, where: str) -> Decimal:
    return Decimal(str(item.points)) if cell.casefold() in _GIVEN else _number(cell, where)


def _number(cell: str, where: str) -> Decimal:
    try:
        found = Decimal(cell.replace(",", "."))
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or abs(found) > 10**6:
        raise UsageError(f"{where}: {cell[:20]!r} is no number of points. Write x, or a number.")
    return found


def decision(
    mark: Mark, assignment: str, exercise: str, who: str, at: datetime.datetime
) -> Adjustment:
    """What a mark says, as a line of the ledger."""
    value, why = f"={number(mark.points)}", mark.comment or _NO_WORDS
    return Adjustment(Kind.POINTS, assignment, value, who, at, why, mark.student, exercise=exercise)


@dataclass(frozen=True)
class Earlier:
    """What people decided before about a student's answers.

    A sheet that is taken again gives all of its marks again, also those which people have changed
    since: nobody can tell whether that is meant.
    """

    known: Book
    person: Person  # with the sections about which people decide too

    def holds(self, one: Adjustment) -> bool:
        """Whether it says what holds here already."""
        return any(_is_same(one, last) for last in self._about(one)[-1:])

    def overruling(self, one: Adjustment) -> Adjustment | None:
        """The decision that holds, where the same had been given before and is given once more."""
        *earlier, last = self._about(one) or [one]
        repeats = any(_is_same(one, before) for before in earlier)
        return last if repeats and not _is_same(one, last) else None

    def _about(self, one: Adjustment) -> list[Adjustment]:
        """What was decided about the same exercise, in its order."""
        return self.known.about(self.person, one.assignment).points(one.exercise)


@dataclass(frozen=True)
class EarlierAtNbgrader(Earlier):
    """The same, of an answer that nbgrader has from here and gives back: points, not their words.

    There an old comment stays beside new points, so words that were taken before say nothing new.
    """

    most: float  # points of the exercise

    def holds(self, one: Adjustment) -> bool:
        """Whether the answer is worth that here, and the words were known before."""
        worth = self._has_no_news(one) and self._over_time(one)[-1:] == [_cents(one)]
        return worth or super().holds(one)

    def overruling(self, one: Adjustment) -> Adjustment | None:
        """The decision that holds, where nbgrader still has the points of before it."""
        repeats = self._has_no_news(one) and _cents(one) in self._over_time(one)
        return self._about(one)[-1] if repeats else super().overruling(one)

    def _has_no_news(self, one: Adjustment) -> bool:
        return one.why in (_NO_WORDS, *(before.why for before in self._about(one)))

    def _over_time(self, one: Adjustment) -> list[Decimal]:
        """What the answer was worth after each decision."""
        decided = self._about(one)
        worth = (changed_points(Decimal(0), decided[: n + 1]) for n in range(len(decided)))
        return [_rounded(min(max(one, Decimal(0)), Decimal(str(self.most)))) for one in worth]


def _cents(one: Adjustment) -> Decimal:
    return _rounded(points_change(one.value).amount)


def _rounded(points: Decimal) -> Decimal:
    return points.quantize(Decimal("0.01"))


def _is_same(one: Adjustment, other: Adjustment) -> bool:
    return (one.value, one.why) == (other.value, other.why)

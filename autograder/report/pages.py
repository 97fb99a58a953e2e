"""Many reports as a spreadsheet, and as a folder of pages that opens from disk."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from autograder.errors import InfrastructureError, UsageError
from autograder.model import Outcome, Report
from autograder.report.anonymous import anonymise
from autograder.report.class_page import class_page
from autograder.report.feedback import Feedback, feedback_page, page_name
from autograder.report.people import Member, members
from autograder.report.plotly_js import plotly_js
from autograder.report.sanitize import number, one_line
from autograder.report.summary import score_of
from autograder.submissions import door
from autograder.submissions.roster import Roster

PERSON = ["name", "section", "email"]  # with a roster
HANDED_IN = ["late", "handed_in_at"]  # where it is known of anybody
NOTHING = "not_handed_in"  # the status of who submitted no file
COUNTED = ["why"]  # where a gradebook counts
FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
# Takes no room before a sign, or a space's: of these kinds in Unicode (format, separator, control),
# and marks and letters without a shape.
_UNSEEN_KINDS = {"Cf", "Zs", "Zl", "Zp", "Cc"}
_SHAPELESS = set("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\ufe0e\ufe0f\uffa0")
_SEPARATOR = re.compile(r"(?<=[;,\t\n])(?![;,\t\n])")  # between a separator and what follows it
_NEGATIVE = re.compile(r"\s*-\d+(\.\d*)?(e[-+]?\d+)?(?!\s*[-+*/^&=<>|!(\w.])")  # with no more to it
# Without the mark at its start, Excel takes a CSV for the alphabet of its own country, and Zoë's
# name comes out as ZoÃ«.
FOR_EXCEL = "utf-8-sig"

Column = str | tuple[str, str]  # by its name, or an exercise's by assignment and id
Line = Mapping[Column, str]


def write_csv(reports: Iterable[Report], path: Path, roster: Roster | None = None) -> None:
    """Write one line per report and one column per exercise, in a form no spreadsheet will run.

    Where no verdict was reached the cells of the scores are empty. With several assignments the
    columns are called ``assignment.exercise``. With a roster each of its students has a line for
    each assignment, who submitted nothing too.
    """
    kept = [_without_details(report) for report in reports]
    columns = _columns(kept, roster)
    several = len({report.assignment for report in kept}) > 1
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([_column_name(column, several) for column in columns])
    for line in _lines(kept, roster):
        writer.writerow([line.get(column, "") for column in columns])
    door.put(path, text.getvalue().encode(FOR_EXCEL))


def write_pages(
    reports: Iterable[Report],
    folder: Path,
    previous: Sequence[Report] = (),
    roster: Roster | None = None,
    anonymous: bool = False,
    feedback: Callable[[Report], Feedback] = lambda report: Feedback(),
) -> Path:
    """Write the class page and all that it links to; return the path of the class page.

    Reports may come from a stream: of each, only what the class page needs is kept. Anonymous pages
    and their spreadsheet hold a label for each person, and nothing that could name them.
    ``feedback`` says what each student may read on their own page; the class page holds all.
    """
    if anonymous:
        hidden = anonymise(reports, roster, previous)
        reports, previous, roster = hidden.reports, hidden.previous, hidden.roster
        _refuse_other_pages(folder / "students", hidden.reports)
    try:
        kept = list(_write_feedback(reports, folder / "students", feedback))
        door.put(folder / "plotly.min.js", plotly_js().read_bytes())
        write_csv(kept, folder / "grades.csv", roster)
        index = folder / "index.html"
        page = class_page(kept, previous, roster, anonymous=anonymous)
        door.put(index, page.encode())
    except OSError as error:
        raise InfrastructureError(
            f"{folder}: the pages cannot be written ({error.strerror})."
        ) from error
    return index


def _write_feedback(
    reports: Iterable[Report], folder: Path, feedback: Callable[[Report], Feedback]
) -> Iterator[Report]:
    """Write each student's page, and hand on what the class page needs."""
    folder.mkdir(parents=True, exist_ok=True)
    for report in reports:
        door.put(folder / page_name(report), feedback_page(report, feedback(report)).encode())
        yield _without_details(report)


def _refuse_other_pages(folder: Path, reports: Sequence[Report]) -> None:
    """Anonymous pages never lie beside pages that hold names."""
    ours = {page_name(report) for report in reports}
    if any(path.name not in ours for path in folder.glob("*")):
        raise UsageError(
            f"{folder}: holds pages of another report, which may show names. "
            "Name an empty folder for the anonymous pages."
        )


def _without_details(report: Report) -> Report:
    """A report without what fills it: the student's code, the single checks, the notes."""
    exercises = tuple(replace(part, code="", checks=()) for part in report.exercises)
    return replace(report, exercises=exercises, notes=())


def _columns(reports: Sequence[Report], roster: Roster | None) -> list[Column]:
    came = [report.handed_in for report in reports]
    parts = [(report.assignment, part.id) for report in reports for part in report.exercises]
    return [
        "student",
        *(PERSON if roster is not None else ()),
        *("assignment", "status", "score", "max_score"),
        *(HANDED_IN if any(one.late or one.at for one in came) else ()),
        *(COUNTED if any(report.counted for report in reports) else ()),
        *dict.fromkeys(parts),
    ]


def _column_name(column: Column, several: bool) -> str:
    return column if isinstance(column, str) else inert(".".join(column) if several else column[1])


def _lines(reports: Sequence[Report], roster: Roster | None) -> Iterator[Line]:
    """One assignment after the other, its class in the roster's order."""
    for assignment in dict.fromkeys(report.assignment for report in reports):
        group = [report for report in reports if report.assignment == assignment]
        points = number(max(report.max_score for report in group))
        for member in members(group, roster):
            about = {"assignment": inert(assignment), "max_score": points}
            yield _person(member) | about | _result(member.report)


def _person(member: Member) -> dict[Column, str]:
    person = member.person
    return {
        "student": inert(person.student),
        "name": inert(person.name),
        "section": inert(person.section),
        "email": inert(person.email),
    }


def _result(report: Report | None) -> dict[Column, str]:
    """A report's cells; of whom nothing counts there is no score, which is not the score 0."""
    if report is None:
        return {"status": NOTHING}
    score = score_of(report)
    graded = report.status is not Outcome.NOT_GRADED and score is not None
    return {
        "status": report.status.value if report.submitted else NOTHING,
        "score": "" if score is None else number(score),
        "max_score": number(report.max_score),
        "late": "yes" if report.handed_in.late else "",
        "handed_in_at": inert(report.handed_in.at),
        "why": inert(report.counted.why, limit=1000) if report.counted else "",
        **{(report.assignment, part.id): number(part.score) for part in report.exercises if graded},
    }


def inert(text: str, limit: int = 300) -> str:
    """Text on one line that a spreadsheet shows and never computes."""
    return defused(one_line(text, limit))


def defused(text: str) -> str:
    """Text with an apostrophe before all that would be computed, also where a cell may begin in it.

    A spreadsheet divides lines by its country's separator, and then no quotes keep a text together.
    """
    first, *others = _SEPARATOR.split(text)
    first = f"'{first}" if _begins_formula(first) else first
    return first + "".join(
        f"'{part}" if _begins_formula(part) and not _NEGATIVE.match(part) else part
        for part in others
    )


def computes(text: str) -> bool:
    """Whether a spreadsheet may take a text, or what follows a separator in it, for a formula."""
    return defused(text) != text


def _begins_formula(text: str) -> bool:
    """What nobody sees may stand before the sign."""
    first = next((letter for letter in text if not _is_unseen(letter)), "")
    return text.startswith(FORMULA) or first in FORMULA


def _is_unseen(letter: str) -> bool:
    return letter in _SHAPELESS or unicodedata.category(letter) in _UNSEEN_KINDS

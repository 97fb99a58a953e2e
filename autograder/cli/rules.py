"""What reports and exports take from the rules of a course: what counts, and what may be read."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.cli.console import note
from autograder.integrations.options import FOR_STAFF, Target
from autograder.report.results import holds_all, read_all

if TYPE_CHECKING:
    from autograder.course.layout import Course
    from autograder.gradebook.feedback import Rules
    from autograder.gradebook.gradebook import Gradebook
    from autograder.model import Report
    from autograder.submissions.roster import Roster

# What becomes of grades: these take what counts. All others show single submissions to students.
_GRADES = (*FOR_STAFF, Target.MOODLE)
_OF_ALL = (Target.CSV, Target.CANVAS, Target.NBGRADER)  # Moodle's sheet is of one assignment


def reports_for(
    target: Target,
    course: Course | None,
    roster: Roster | None,
    results: Path,
    *,
    into_a_sheet: bool = False,
) -> list[Report]:
    """The reports as one target may have them; a sheet that exists has columns of its own."""
    found = counted_reports(course, roster, results) if target in _GRADES else read_all(results)
    reports = list(found)
    if target in _GRADES:
        takes = target in _OF_ALL and not into_a_sheet
        reports += _by_hand_alone(course, roster, results, reports, takes=takes)
    rules = feedback_rules(course, roster)
    if rules is None or target in FOR_STAFF:
        return reports
    return rules.disclosed(reports)


def counted_reports(
    course: Course | None, roster: Roster | None, results: Path, *, for_pages: bool = False
) -> Iterable[Report]:
    """What the gradebook counts; where the course has no rules, results just count.

    Pages leave out who submitted nothing; sheets of grades do not.
    """
    from autograder.gradebook.load import has_rules, load
    from autograder.gradebook.settle import settled

    if course is None or not has_rules(course):
        return read_all(results)
    note_half_a_line(course)
    book = load(course, results, roster, _now(course))
    found = settled(book, read_all(results))
    _note_dropped(book, found)
    return [report for report in found if report.submitted or not for_pages]


def _by_hand_alone(
    course: Course | None,
    roster: Roster | None,
    results: Path,
    reports: Iterable[Report],
    *,
    takes: bool,
) -> list[Report]:
    """What was decided about assignments without any result, or a note that it is left out."""
    from autograder.gradebook.load import has_rules, load
    from autograder.gradebook.settle import by_hand_alone, settled_by_hand

    if course is None or not has_rules(course) or not holds_all(results):
        return []
    book = load(course, results, roster, _now(course))
    names = by_hand_alone(book, reports)
    for name in names if not takes else ():
        note(f"{name}: people decided something, and there is no result, so it is left out here.")
    return settled_by_hand(book, names) if takes else []


def _note_dropped(book: Gradebook, found: Iterable[Report]) -> None:
    from autograder.gradebook.wording import ALL_DROPPED

    names = {report.assignment for report in found}
    for column in book.columns:
        if column.is_dropped and column.name in names:
            note(f"{column.name}: {ALL_DROPPED}")


def note_half_a_line(course: Course) -> None:
    """Say that the file of decisions ends within a line: it does not count."""
    from autograder.gradebook.ledger import FILE, half_a_line

    if said := half_a_line(course.root / FILE):
        note(said)


def disagreements(course: Course, results: Path, assignment: str) -> Iterator[str]:
    """Where the machine gives something else now than when a person decided: that holds."""
    from autograder.gradebook.load import has_rules, load

    if has_rules(course):
        book = load(course, results, None, _now(course))
        for person, cell in book.cells_of(assignment):
            yield from (f"{person.student}: {said}" for said in cell.differs)


def feedback_rules(course: Course | None, roster: Roster | None) -> Rules | None:
    """What students may read now; None without a course, and then they may read all."""
    from autograder.gradebook.feedback import Rules

    return Rules.of(course, roster, _now(course)) if course else None


def _now(course: Course) -> datetime.datetime:
    return datetime.datetime.now(course.config.zone or datetime.UTC)

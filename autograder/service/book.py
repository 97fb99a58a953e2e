"""The gradebook of what the service holds: attempts and adjustments, computed as everywhere."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace

from autograder.errors import UsageError
from autograder.gradebook import attempts as gradebook
from autograder.gradebook.compute import compute
from autograder.gradebook.decisions import Book
from autograder.gradebook.feedback import Rules
from autograder.gradebook.gradebook import Cell, Gradebook
from autograder.gradebook.seeds import CONFIRMING
from autograder.gradebook.settle import by_hand_alone, settled, settled_by_hand
from autograder.model import Person, Report
from autograder.service.service import Service
from autograder.service.storage.attempts import Attempt, now
from autograder.service.storage.tables import Outcome
from autograder.submissions.copies import copies
from autograder.submissions.read import sha256
from autograder.submissions.roster import Roster

Sees = Callable[[str], bool]  # whether somebody may see what a student has


def whole_book(service: Service, roster: Roster, sees: Sees) -> Gradebook:
    """All assignments; who has left the roster is in it, as long as there is work of theirs."""
    return gradebook_of(service, roster, service.attempts.all(), service.names, sees)


def gradebook_of(
    service: Service,
    roster: Roster,
    attempts: Iterable[Attempt],
    names: Collection[str],
    sees: Sees | None = None,
) -> Gradebook:
    """Some people and some assignments; of others than the roster's only whom somebody sees."""
    if sees is None:
        sees = {person.student for person in roster.people}.__contains__
    columns = [column for column in service.columns if column.name in names]
    found = [one for one in attempts if one.outcome != Outcome.REPLACED and sees(one.student)]
    decided = [one for one in service.ledger.all() if one.section or sees(one.student)]
    zone = service.course.config.zone
    at = now().astimezone(zone) if zone else now()
    return compute(roster, [as_gradebook(service, one) for one in found], columns, decided, at)


def cell_of(
    service: Service, person: Person, assignment: str, attempts: Iterable[Attempt] | None = None
) -> Cell:
    """One student's cell: the attempt that counts, the points and why; of some attempts or all.

    Raises:
        UsageError: it is somebody who teaches and has submitted nothing.
    """
    if attempts is None:
        attempts = service.attempts.of_student(person.student, assignment)
    book = gradebook_of(service, Roster((person,)), attempts, [assignment])
    cells = (cell for one, cell in book.cells_of(assignment) if one.student == person.student)
    if (found := next(cells, None)) is None:
        raise UsageError(f"{person.student[:80]}: no student of the roster, and no attempts.")
    return found


def counted_reports(service: Service, roster: Roster, assignment: str) -> list[Report]:
    """What the gradebook counts of one assignment, as reports: rules and decisions applied.

    A file that is another student's is flagged, whichever attempts had it.
    """
    attempts = service.attempts.of_assignment(assignment)
    book = gradebook_of(service, roster, attempts, [assignment])
    known = {person.student for person, _ in book.cells_of(assignment)}
    latest = {one.student: one.report for one in attempts if one.report and one.student in known}
    counted = settled(book, [service.report(digest) for digest in latest.values()], service.report)
    counted = counted or settled_by_hand(book, by_hand_alone(book, counted))
    files = ((one.student, one.sha256, one.student) for one in attempts if one.student in known)
    flags = copies(files, sha256(service.course.release(assignment)))
    return [_with_flag(report, flags.get(report.student)) for report in counted]


def _with_flag(report: Report, flag: str | None) -> Report:
    came = report.handed_in
    return replace(report, handed_in=replace(came, flags=(flag,))) if flag else report


def rules_of(service: Service, people: Iterable[Person]) -> Rules:
    """What some people may read now."""
    at = now().astimezone(service.course.config.zone or datetime.UTC)
    known = {person.student: person for person in people}
    return Rules(service.course.config.policy, Book(service.ledger.all()), known, at)


def is_confirmed(service: Service, report: Report) -> bool:
    """Whether a result is of the inputs of which no feedback had spoken."""
    return report.seed == service.seed(report.assignment, CONFIRMING)


def to_confirm(service: Service, assignment: str) -> list[int]:
    """The attempts that count, and were not graded with such inputs so far."""
    attempts = service.attempts.of_assignment(assignment)
    by_number = {(one.student, one.number): one for one in attempts}
    book = gradebook_of(service, service.people.roster, attempts, [assignment])
    counting = [cell.attempt for _, cell in book.cells_of(assignment) if cell.attempt]
    return [
        by_number[one.student, one.number].id
        for one in counting
        if one.outcome is gradebook.State.GRADED
        and not is_confirmed(service, service.report(one.report))
    ]


def as_gradebook(service: Service, attempt: Attempt) -> gradebook.Attempt:
    """An attempt of the service as the gradebook computes with it."""
    if attempt.report is not None:
        graded = service.graded(attempt.report)
        return replace(graded, number=attempt.number, received=attempt.received)
    about = (attempt.student, attempt.assignment, attempt.number, attempt.received)
    return gradebook.Attempt(*about, gradebook.State.WAITING)

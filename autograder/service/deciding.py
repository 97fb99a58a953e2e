"""What people decide in the service: adjustments, added with who, when and why."""

from __future__ import annotations

from autograder.errors import UsageError
from autograder.gradebook.adjustments import Adjustment, Kind
from autograder.gradebook.decisions import Book
from autograder.gradebook.extension import new_due
from autograder.model import Person
from autograder.service.book import cell_of
from autograder.service.service import Service
from autograder.service.storage.attempts import now

OF_STAFF = (Kind.EXTENSION, Kind.EXCUSE, Kind.POINTS, Kind.NOTE, Kind.ANSWER)
_OPEN = "You have asked about this already, and nobody has answered yet. You read the answer here."


def decide(
    service: Service, who: Person, about: Person, assignment: str,
    kind: Kind, value: str, why: str = "", exercise: str | None = None,
) -> None:  # fmt: skip
    """Add what somebody decided about a student.

    Raises:
        UsageError: it could not be applied; nothing is added.
    """
    _check_exercise(service, assignment, exercise)
    if who.student == about.student:
        raise UsageError("Nobody decides about their own work: ask somebody else who teaches.")
    if kind is Kind.EXTENSION:
        value = _due(service, about, assignment, value)
    machine = None
    if kind is Kind.POINTS:
        machine = cell_of(service, about, assignment).machine_points(exercise)
    service.ledger.add([
        Adjustment(kind, assignment, value.strip(), who.student, now(), why.strip(),
                   about.student, exercise=exercise, machine=machine)
    ])  # fmt: skip


def extend_section(
    service: Service, who: Person, section: str, assignment: str, value: str, why: str
) -> None:
    """Give everybody of a section more time.

    Raises:
        UsageError: there is no such section, or the time cannot be read.
    """
    if not any(section in one.sections for one in service.people.roster.students):
        raise UsageError(f"{section[:40]}: nobody of the roster is in such a section.")
    value = _due(service, Person("", section=section), assignment, value)
    one = Adjustment(
        Kind.EXTENSION, assignment, value, who.student, now(), why.strip(), section=section
    )
    service.ledger.add([one])


def ask_again(
    service: Service, student: Person, assignment: str, text: str, exercise: str | None
) -> None:
    """Add a student's request to look at something again.

    Raises:
        UsageError: it says nothing, or the last one about the same is open still.
    """
    _check_exercise(service, assignment, exercise)

    def check_known(known: list[Adjustment]) -> None:
        asked = Book(known).about(student, assignment).open_requests()
        if any(one.exercise == exercise for one in asked):
            raise UsageError(_OPEN)

    name, kind = student.student, Kind.REGRADE_REQUEST
    asked = Adjustment(kind, assignment, text.strip(), name, now(), "", name, exercise=exercise)
    service.ledger.add_if(asked, check_known)


def _check_exercise(service: Service, assignment: str, exercise: str | None) -> None:
    known = next(one.exercises for one in service.columns if one.name == assignment)
    if exercise is not None and exercise not in {one.id for one in known}:
        raise UsageError(f"{exercise[:40]}: no such exercise.")


def _due(service: Service, about: Person, assignment: str, value: str) -> str:
    policy = service.course.config.policy(assignment)
    due = Book(service.ledger.all()).about(about, assignment).due(policy)
    return new_due(value, due, service.course.config.zone).isoformat()

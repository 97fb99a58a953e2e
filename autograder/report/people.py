"""Who is who in a class: everybody of the roster, whether or not they submitted, and all others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from autograder.model import Person, Report
from autograder.submissions.roster import STUDENT, Roster

UNKNOWN = ""  # the role of those whom the roster does not know


@dataclass(frozen=True)
class Member:
    """One person of a class and what they submitted."""

    person: Person
    report: Report | None  # None: nothing

    @property
    def is_student(self) -> bool:
        """Whether the person is one of those who submit; without a roster, everybody is."""
        return self.person.role == STUDENT


def members(reports: Sequence[Report], roster: Roster | None = None) -> tuple[Member, ...]:
    """One assignment's class: the students in the roster's order, then who else submitted."""
    if roster is None:
        return tuple(_member(Person(report.student, on_roster=False), report) for report in reports)
    handed_in: defaultdict[str, list[Report | None]] = defaultdict(list)
    for report in reports:
        handed_in[report.student].append(report)
    students = [
        _member(person, report)
        for person in roster.students
        for report in handed_in.pop(person.student, [None])
    ]
    known = {person.student: person for person in roster.people}
    others = [
        _member(known.get(handle, Person(handle, role=UNKNOWN, on_roster=False)), report)
        for handle, found in handed_in.items()
        for report in found
    ]
    return (*students, *others)


def _member(person: Person, report: Report | None) -> Member:
    """The roster knows the section best; without it, the place of the submission may tell."""
    return Member(as_submitted(person, report) if report else person, report)


def as_submitted(person: Person, report: Report) -> Person:
    """Somebody with what is known from the place of their submission."""
    came = report.handed_in
    return replace(person, section=person.section or came.section, numbered=came.numbered)

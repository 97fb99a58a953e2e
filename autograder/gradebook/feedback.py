"""What each student may learn now: their assignment's policy, at their own due time."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from autograder.course.layout import Course
from autograder.course.policy import Disclosure, Policy
from autograder.gradebook.decisions import Book
from autograder.gradebook.ledger import FILE, read_adjustments
from autograder.model import Person, Report
from autograder.report.disclosure import disclosed
from autograder.report.feedback import Feedback
from autograder.submissions.roster import Roster


@dataclass(frozen=True)
class Rules:
    """The feedback policies of a course at one moment, extensions included."""

    policy: Callable[[str], Policy]
    book: Book
    people: dict[str, Person]
    now: datetime.datetime

    @staticmethod
    def of(course: Course, roster: Roster | None, now: datetime.datetime) -> Rules:
        """Those of a course folder."""
        book = Book(read_adjustments(course.root / FILE))
        people = {person.student: person for person in roster.people} if roster else {}
        return Rules(course.config.policy, book, people, now)

    def feedback(self, report: Report) -> Feedback:
        """What the student of a report may read."""
        policy = self.policy(report.assignment)
        person = self.people.get(report.student) or Person(
            report.student, section=report.handed_in.section
        )
        due = self.book.about(person, report.assignment).due(policy)
        level = policy.disclosure(self.now, due)
        opens_later = level is Disclosure.NOTHING and policy.feedback is not Disclosure.NOTHING
        return Feedback(level, due if opens_later else None)

    def disclosed(self, reports: Iterable[Report]) -> list[Report]:
        """The reports with no more in them than their students may read."""
        return [disclosed(report, self.feedback(report).level) for report in reports]

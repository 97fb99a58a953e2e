"""The adjustments of a course, sorted so that those which hold for one cell are found at once."""

from __future__ import annotations

import datetime
import itertools
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from autograder.course.policy import Policy
from autograder.gradebook.adjustments import Adjustment, Kind, due_time
from autograder.gradebook.late import utc
from autograder.model import Person

_NOTHING: tuple[Adjustment, ...] = ()


@dataclass(frozen=True)
class Decisions:
    """What people decided about one student's assignment, in the order of their decisions."""

    own: tuple[Adjustment, ...] = ()
    of_section: tuple[Adjustment, ...] = ()

    def all(self, kind: Kind) -> list[Adjustment]:
        """Those of one kind, about the section first: the last is the one that holds."""
        return [one for one in (*self.of_section, *self.own) if one.kind is kind]

    def last(self, kind: Kind) -> Adjustment | None:
        """The one of a kind that holds."""
        return next(reversed(self.all(kind)), None)

    @property
    def excuse(self) -> Adjustment | None:
        """The excuse that holds."""
        last = self.last(Kind.EXCUSE)
        return last if last and last.value == "yes" else None

    def due(self, policy: Policy) -> datetime.datetime | None:
        """The student's own due time: an extension never shortens the time that all others have.

        So there is none where the others have none. Theirs is in the course's zone, where a day is
        as long as the calendar makes it, and so is the student's.
        """
        extension = self.last(Kind.EXTENSION)
        if policy.due is None or extension is None:
            return policy.due
        return max(policy.due, due_time(extension.value), key=utc).astimezone(policy.due.tzinfo)

    def points(self, exercise: str | None) -> list[Adjustment]:
        """What was decided about the points of one exercise, or of the whole assignment."""
        return [one for one in self.all(Kind.POINTS) if one.exercise == exercise]

    def open_requests(self) -> tuple[Adjustment, ...]:
        """Requests for a regrade that nobody has answered since."""
        answered = {
            one.exercise: utc(one.at) for one in self.all(Kind.ANSWER)
        }  # the latest of each
        earliest = datetime.datetime.min.replace(tzinfo=datetime.UTC)
        return tuple(
            one
            for one in self.all(Kind.REGRADE_REQUEST)
            if utc(one.at) > answered.get(one.exercise, earliest)
        )


class Book:
    """All adjustments of a course."""

    def __init__(self, adjustments: Iterable[Adjustment]) -> None:
        self._own: defaultdict[tuple[str, str], list[Adjustment]] = defaultdict(list)
        self._sections: defaultdict[tuple[str, str], list[Adjustment]] = defaultdict(list)
        for one in sorted(adjustments, key=lambda one: utc(one.at)):  # stable: as they were written
            whose = self._own if one.student else self._sections
            whose[one.student or one.section, one.assignment].append(one)

    @property
    def students(self) -> set[str]:
        """Everybody about whom something was decided."""
        return {student for student, _ in self._own}

    def about(self, person: Person, assignment: str) -> Decisions:
        """What holds for one cell."""
        own = self._own.get((person.student, assignment), _NOTHING)
        found = (self._sections.get((one, assignment), _NOTHING) for one in person.sections)
        of_sections = sorted(itertools.chain(*found), key=lambda one: utc(one.at))
        return Decisions(tuple(own), tuple(of_sections))

"""The gradebook's nouns: columns, cells that explain themselves, rows with totals."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from autograder.course.policy import Policy
from autograder.gradebook.adjustments import Adjustment
from autograder.gradebook.attempts import Attempt, ExercisePoints
from autograder.model import Person
from autograder.report.sanitize import number


class Standing(StrEnum):
    """What a cell of the gradebook says of one student and one assignment."""

    COUNTED = "counted"
    MISSING = "missing"  # nothing was submitted in time: 0 points
    TOO_LATE = "too late"  # nothing was submitted before the hard deadline: 0 points
    OPEN = "open"  # nothing was submitted, and it is not due yet
    WAITING = "not graded yet"
    EXCUSED = "excused"
    DROPPED = "dropped"  # all of its exercises are: no number counts


@dataclass(frozen=True)
class Column:
    """One assignment: its rules, and its exercises with their points."""

    policy: Policy
    exercises: tuple[ExercisePoints, ...] = ()
    title: str = ""

    @property
    def name(self) -> str:
        """The assignment."""
        return self.policy.assignment

    @property
    def is_dropped(self) -> bool:
        """Whether exercises are dropped, and no other one has points."""
        now = self.policy.points
        left = [one for one in self.exercises if now.get(one.id, one.points)]
        return not left and any(now.get(one.id) == 0 for one in self.exercises)

    @property
    def max_points(self) -> float:
        """The points to be had, without extra credit."""
        return round(
            sum(
                self.policy.points.get(exercise.id, exercise.points)
                for exercise in self.exercises
                if exercise.id not in self.policy.extra_exercises
            ),
            2,
        )


@dataclass(frozen=True)
class Step:
    """One step on the way to the points; who decided it and why, if a person did."""

    text: str
    reason: str = ""
    who: str = ""

    @property
    def said(self) -> str:
        """The step with its reason."""
        return f"{self.text}: {self.reason}" if self.reason else self.text


@dataclass(frozen=True)
class Cell:
    """One student's points in one assignment, and why."""

    standing: Standing
    points: float | None  # None: no number counts
    max_points: float
    steps: tuple[Step, ...] = ()
    attempt: Attempt | None = None  # the one that counts
    attempts: int = 0
    exercises: tuple[ExercisePoints, ...] = ()  # of the counting attempt, corrections included
    due: datetime.datetime | None = None  # the student's own, extensions included
    late: bool = False
    notes: tuple[str, ...] = ()  # what people wrote to the student
    requests: tuple[Adjustment, ...] = ()  # for a regrade, without an answer so far
    remarks: tuple[str, ...] = ()  # for the instructor
    differs: tuple[str, ...] = ()  # those where the machine disagrees with what a person decided
    by_hand: bool = False  # a person decided something about it
    to_grade: tuple[str, ...] = ()  # written answers that nobody has graded

    @property
    def shown(self) -> str:
        """The points, or the word that stands in their place."""
        return number(self.points) if self.points is not None else str(self.standing)

    @property
    def why(self) -> str:
        """One sentence on where the points come from, as the student may read it."""
        said = "; ".join(step.said for step in self.steps)
        return f"{self.shown}: {said}" if said else self.shown

    def machine_points(self, exercise: str | None) -> float | None:
        """What the machine gave for an exercise, or for all, in the attempt that counts."""
        if self.attempt is None:
            return None
        if exercise is None:
            return self.attempt.score
        return {one.id: one.score for one in self.attempt.exercises}.get(exercise)

    @property
    def share(self) -> float | None:
        """The points as a share of those to be had."""
        return (
            self.points / self.max_points if self.points is not None and self.max_points else None
        )


@dataclass(frozen=True)
class Row:
    """One person, their cells in the order of the columns, and the total in percent."""

    person: Person
    cells: tuple[Cell, ...]
    total: float | None  # None: nothing counts yet


@dataclass(frozen=True)
class Gradebook:
    """Roster x assignments at one moment."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    at: datetime.datetime

    @cached_property
    def _places(self) -> dict[str, int]:
        return {column.name: place for place, column in enumerate(self.columns)}

    @cached_property
    def _people(self) -> dict[str, Row]:
        return {row.person.student: row for row in self.rows}

    def cell(self, student: str, assignment: str) -> Cell | None:
        """One student's cell; None where there is none."""
        row = self._people.get(student)
        return row.cells[self._places[assignment]] if row and assignment in self._places else None

    def cells_of(self, assignment: str) -> Iterator[tuple[Person, Cell]]:
        """One assignment's cells, by person."""
        place = self._places[assignment]
        return ((row.person, row.cells[place]) for row in self.rows)

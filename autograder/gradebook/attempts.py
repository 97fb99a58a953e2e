"""Attempts: one submission at one time, with the points that each exercise earned."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from autograder.model import Outcome, Report

T = TypeVar("T")


class State(StrEnum):
    """What became of an attempt."""

    GRADED = "graded"
    UNREADABLE = "unreadable"  # the file's fault: 0 points, as long as no other attempt is graded
    NOT_GRADED = "not graded"  # the infrastructure's fault: no points may be read from it
    WAITING = "waiting"  # to be graded


@dataclass(frozen=True)
class ExercisePoints:
    """What one exercise earned, and could."""

    id: str
    points: float
    score: float
    title: str = ""
    by_hand: bool = False  # a written answer: people give its points
    comment: str = ""  # what they wrote to it


@dataclass(frozen=True)
class Attempt:
    """One submission of a student at one time."""

    student: str
    assignment: str
    number: int  # from 1, in the order in which they were received
    received: datetime.datetime | None  # with its zone; None: nobody says when
    outcome: State
    exercises: tuple[ExercisePoints, ...] = ()
    section: str = ""  # that its folder named
    report: str = ""  # where its report is: a path, or a digest
    late: bool = False  # marked as late where it was submitted
    remark: str = ""  # on how it was received, for the instructor

    @property
    def score(self) -> float:
        """The points that the machine gave, before any rule."""
        return round(sum(exercise.score for exercise in self.exercises), 2)


_STATES = {
    Outcome.GRADED: State.GRADED,
    Outcome.UNREADABLE: State.UNREADABLE,
    Outcome.NOT_GRADED: State.NOT_GRADED,
}


def attempt_of(
    report: Report,
    number: int,
    received: datetime.datetime | None,
    where: str = "",
    remark: str = "",
) -> Attempt:
    """The attempt that a report was made of."""
    return Attempt(
        student=report.student,
        assignment=report.assignment,
        number=number,
        received=received,
        outcome=_STATES[report.status],
        exercises=tuple(
            ExercisePoints(part.id, part.points, part.score, part.title)
            for part in report.exercises
        ),
        section=report.handed_in.section,
        report=where,
        late=report.handed_in.late,
        remark=remark,
    )


def in_order(attempts: Iterable[Attempt]) -> list[Attempt]:
    """Attempts as they were received; by their number where nobody says when."""
    return as_received(attempts, lambda one: one.received, lambda one: one.number)


def as_received(
    found: Iterable[T],
    received: Callable[[T], datetime.datetime | None],
    turn: Callable[[T], Any],
) -> list[T]:
    """What came, in order of time; what came at no known time stands behind all of an earlier turn.

    So what was graded last is the newest, as whoever graded it has read.
    """
    by_turn = sorted(found, key=turn)
    placed = sorted((o for o in by_turn if received(o)), key=lambda one: since(received(one)))
    for one in (o for o in by_turn if not received(o)):
        earlier = [at for at, other in enumerate(placed) if turn(other) <= turn(one)]
        placed.insert(earlier[-1] + 1 if earlier else 0, one)
    return placed


def since(moment: datetime.datetime | None) -> datetime.datetime:
    """What times are sorted by: in UTC, first those that nobody knows."""
    earliest = datetime.datetime.min.replace(tzinfo=datetime.UTC)
    return moment.astimezone(datetime.UTC) if moment else earliest

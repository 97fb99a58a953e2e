"""Small attempts, policies and adjustments to test with: plausible, any field replaceable."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from autograder.course.policy import Counting, Late, Per, Policy
from autograder.gradebook.adjustments import Adjustment, Kind
from autograder.gradebook.attempts import Attempt, ExercisePoints, State
from autograder.gradebook.compute import compute
from autograder.gradebook.gradebook import Cell, Column
from autograder.model import Person
from autograder.submissions.roster import Roster

BERLIN = ZoneInfo("Europe/Berlin")
DUE = datetime.datetime(2026, 10, 19, 23, 59, tzinfo=BERLIN)
EARLY = datetime.datetime(2026, 10, 1, 12, 0, tzinfo=BERLIN)
NOW = datetime.datetime(2026, 12, 1, 12, 0, tzinfo=BERLIN)
TEN_A_DAY = Late(Per.DAY, 10, True)
ANA = Person("ana", "Ana", "ana@example.org", "monday")


def column(**rules: Any) -> Column:
    """An assignment of two exercises, 60 and 40 points."""
    usual = Policy("week1", due=DUE, late=TEN_A_DAY, counting=Counting.BEST)
    policy = replace(usual, **rules)
    exercises = (ExercisePoints("linear", 60, 0), ExercisePoints("sigmoid", 40, 0))
    return Column(policy, exercises, "Layers")


def attempt(number: int = 1, linear: float = 60, sigmoid: float = 40, **fields: Any) -> Attempt:
    """A graded attempt of Ana's, an hour before the due time."""
    exercises = (ExercisePoints("linear", 60, linear), ExercisePoints("sigmoid", 40, sigmoid))
    received = DUE - datetime.timedelta(hours=1)
    return replace(Attempt("ana", "week1", number, received, State.GRADED, exercises), **fields)


def after(**time: float) -> datetime.datetime:
    """A moment so long after the due time, in truth and not by the clock on the wall."""
    return DUE.astimezone(datetime.UTC) + datetime.timedelta(**time)


def decided(kind: Kind, value: str, **fields: Any) -> Adjustment:
    """What Tina decided about Ana."""
    at = fields.pop("at", NOW)
    base = Adjustment(kind, "week1", value, "tina", at, "for a reason", student="ana")
    return replace(base, **fields)


def cell(
    attempts: list[Attempt],
    adjustments: list[Adjustment] | None = None,
    now: datetime.datetime = NOW,
    **rules: Any,
) -> Cell:
    """Ana's cell of the gradebook."""
    columns = [column(**rules)]
    book = compute(Roster((ANA,)), attempts, columns, adjustments or [], now)
    found = book.cell("ana", "week1")
    assert found is not None
    return found

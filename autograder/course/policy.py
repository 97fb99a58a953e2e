"""The rules of each assignment: until when, what a late one costs, which attempt counts.

timezone = "Europe/Berlin"              # of every time that says none

[policy]                                # of every assignment that says nothing else
attempts = "best"                       # the one that counts: last, best, last before due
late = { per = "day", percent = 10, grace_minutes = 15, cap = 50 }
feedback = "mistakes"                   # nothing, score, headings, mistakes
feedback_before_due = "headings"        # the same until the due time; otherwise as ``feedback``
tokens = { most = 3, hours = 24, early = 2, early_hours = 72 }    # of full feedback

[assignments.week1]
opens = 2026-10-05T08:00:00
due = 2026-10-19T23:59:00
hard_deadline = 2026-10-26T23:59:00     # what comes later does not count
weight = 2                              # in the total of the course; 1 where it is left out
extra_credit = true                     # adds to the total and takes nothing from it
dropped = ["linear"]                    # exercises that no longer count
points = { sigmoid = 12 }               # exercises that are worth other points now
extra_credit_exercises = ["softmax"]    # whose points are on top of the assignment's
"""

from __future__ import annotations

import datetime
import itertools
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType

from autograder.course.table import Table
from autograder.errors import AuthorError

KEYS = {"policy", "assignments", "timezone"}  # of course.toml
_EVERY = {"late", "attempts", "feedback", "feedback_before_due", "tokens"}
_OWN = {
    "opens", "due", "hard_deadline", "weight", "extra_credit", "dropped", "points",
    "extra_credit_exercises",
}  # fmt: skip


class Counting(StrEnum):
    """Which of a student's graded attempts counts."""

    BEST = "best"  # by its share of all points, with its late penalty; of equal ones the first
    LAST = "last"
    LAST_BEFORE_DUE = "last before due"  # and where there is none, the last


class Disclosure(StrEnum):
    """What a student may learn of their own work, from least to most."""

    NOTHING = "nothing"
    SCORE = "score"
    HEADINGS = "headings"  # what each check looks at, and whether it passed
    MISTAKES = "mistakes"  # also the sentences about a student's own mistakes


class Per(StrEnum):
    """What late work is charged by; each one that has begun counts."""

    HOUR = "hour"
    DAY = "day"  # by the clock on the wall: a day is as long as the calendar makes it


@dataclass(frozen=True)
class Late:
    """What late work loses: percent of what it earned, or points."""

    per: Per
    amount: float
    percent: bool
    grace: datetime.timedelta = datetime.timedelta()  # late by no more costs nothing
    cap: float | None = None  # the most that is lost, in the same unit


@dataclass(frozen=True)
class Tokens:
    """How often a student gets full feedback within some hours; more often for an early start."""

    most: int
    window: datetime.timedelta
    early: int = 0  # more, for as long as the due time is further away than ``ahead``
    ahead: datetime.timedelta = datetime.timedelta()


@dataclass(frozen=True)
class Policy:
    """The rules of one assignment; every time carries its zone."""

    assignment: str
    opens: datetime.datetime | None = None
    due: datetime.datetime | None = None
    hard_deadline: datetime.datetime | None = None
    late: Late | None = None
    weight: float = 1.0
    counting: Counting = Counting.LAST  # as result files have it
    extra_credit: bool = False
    points: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))  # 0: dropped
    extra_exercises: frozenset[str] = frozenset()
    feedback: Disclosure = Disclosure.MISTAKES
    feedback_before_due: Disclosure | None = None
    tokens: Tokens | None = None
    where: str = ""  # the file and line of its table

    def disclosure(self, now: datetime.datetime, due: datetime.datetime | None) -> Disclosure:
        """What a student may learn now; ``due`` is their own due time, extensions included."""
        before = due is not None and now.astimezone(datetime.UTC) < due.astimezone(datetime.UTC)
        return self.feedback_before_due if before and self.feedback_before_due else self.feedback


USUAL = Policy("")  # where course.toml says nothing


def read_policies(
    table: Table,
) -> tuple[datetime.tzinfo | None, Policy, dict[str, Policy]]:
    """The course's time zone, what holds for every assignment, and the rules of each named one."""
    zone = _zone(table)
    every = table.table("policy")
    every.refuse_others(_EVERY)
    usual = _every(every, USUAL)
    named = table.table("assignments")
    return zone, usual, {name: _own(named.table(name), name, usual, zone) for name in named}


def _zone(table: Table) -> datetime.tzinfo | None:
    name = table.text("timezone", "UTC")
    try:
        return zoneinfo.ZoneInfo(name) if "timezone" in table else None
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise table.fault("timezone", 'a time zone like "Europe/Berlin"') from None


def _every(table: Table, usual: Policy) -> Policy:
    before = usual.feedback_before_due
    if "feedback_before_due" in table:
        before = table.one_of("feedback_before_due", Disclosure.NOTHING)
    return replace(
        usual,
        late=_late(table.table("late")) if "late" in table else usual.late,
        counting=table.one_of("attempts", usual.counting),
        feedback=table.one_of("feedback", usual.feedback),
        feedback_before_due=before,
        tokens=_tokens(table.table("tokens")) if "tokens" in table else usual.tokens,
    )


def _late(table: Table) -> Late:
    table.refuse_others({"per", "percent", "points", "grace_minutes", "cap"})
    if ("percent" in table) == ("points" in table):
        what = "a late rule takes either percent or points"
        raise AuthorError(table.where(), what, 'Write: late = { per = "day", percent = 10 }')
    unit = "percent" if "percent" in table else "points"
    amount = table.number(unit, 0)
    if unit == "percent" and amount > 100:
        raise table.fault(unit, "a number from 0 to 100")
    return Late(
        per=table.one_of("per", Per.DAY),
        amount=amount,
        percent=unit == "percent",
        grace=datetime.timedelta(minutes=min(table.number("grace_minutes", 0), 10**6)),
        cap=table.number("cap", 0) if "cap" in table else None,
    )


def _tokens(table: Table) -> Tokens:
    table.refuse_others({"most", "hours", "early", "early_hours"})
    return Tokens(
        most=table.whole_number("most", 3),
        window=datetime.timedelta(hours=min(table.number("hours", 24), 10**5)),
        early=table.whole_number("early", 0, least=0),
        ahead=datetime.timedelta(hours=min(table.number("early_hours", 72), 10**5)),
    )


def _own(table: Table, name: str, usual: Policy, zone: datetime.tzinfo | None) -> Policy:
    table.refuse_others(_EVERY | _OWN)
    policy = replace(
        _every(table, replace(usual, assignment=name)),
        opens=table.moment("opens", zone, None),
        due=table.moment("due", zone, None),
        hard_deadline=table.moment("hard_deadline", zone, None),
        weight=table.number("weight", 1),
        extra_credit=table.truth("extra_credit", False),
        points=_points(table),
        extra_exercises=frozenset(table.texts("extra_credit_exercises", ())),
        where=table.where(),
    )
    _check_order(policy, table)
    return policy


def _points(table: Table) -> Mapping[str, float]:
    changed = table.table("points")
    points = {name: changed.number(name, 0) for name in changed}
    dropped = table.texts("dropped", ())
    if both := sorted(set(dropped) & set(points)):
        what = f"{', '.join(both)} is both dropped and given points"
        raise AuthorError(table.where("dropped"), what, "Keep one of the two.")
    return MappingProxyType(points | dict.fromkeys(dropped, 0.0))


def _check_order(policy: Policy, table: Table) -> None:
    """An assignment opens, then is due, then is closed."""
    times = {
        "opens": policy.opens, "due": policy.due, "hard_deadline": policy.hard_deadline
    }  # fmt: skip
    known = [(key, at.astimezone(datetime.UTC)) for key, at in times.items() if at]
    for (first, one), (second, other) in itertools.pairwise(known):
        if one > other:
            what = f"{second} is before {first}"
            raise AuthorError(table.where(second), what, "Put the later time there.")
    if policy.hard_deadline and not policy.due:
        what = "a hard_deadline stands without a due time"
        raise AuthorError(table.where("hard_deadline"), what, "Add: due = ...")

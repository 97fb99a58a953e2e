"""Adjustments: what a person decided, with who, when and why; they are added and never changed.

Of several decisions about the same thing the latest holds, and one about a person holds over one
about a section; only points that are added come to those before. To take a decision back is to
decide again: the due time as it was, "no" to an excuse, "-3" after "+3", "=9" after "=7".
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from autograder.course.moments import read_moment
from autograder.errors import UsageError

_UNKEPT = re.compile("[\0\ud800-\udfff]")
_POINTS = re.compile(r"(?P<sign>[+=-])(?P<amount>[0-9]{1,9}(?:\.[0-9]{1,4})?)")
LONGEST = 10_000  # letters of a reason, a note or a comment


class Kind(StrEnum):
    """What was decided."""

    EXTENSION = "extension"  # the value: the new due time, in ISO 8601 with its zone
    EXCUSE = "excuse"  # "yes", or "no" to take it back
    POINTS = "points"  # "+1.4" and "-2" come to what the machine gave, "=7" stands in its place
    NOTE = "note"  # a text that the student reads
    REGRADE_REQUEST = "regrade request"  # a student's text
    ANSWER = "answer"  # what an instructor says to it


@dataclass(frozen=True)
class Adjustment:
    """One decision about one student, or about a section."""

    kind: Kind
    assignment: str
    value: str
    who: str  # decided
    at: datetime.datetime  # with its zone
    why: str = ""
    student: str = ""  # this one or the section is given
    section: str = ""
    exercise: str | None = None  # for points and requests; None: the whole assignment
    machine: float | None = None  # what the machine had given for it by then


@dataclass(frozen=True)
class PointsChange:
    """Points given by hand: in the place of others, or on top of them."""

    replaces: bool
    amount: Decimal

    def applied(self, points: Decimal) -> Decimal:
        """What becomes of some points."""
        return self.amount if self.replaces else points + self.amount


def points_change(value: str) -> PointsChange:
    """Read "+1.4", "-2" or "=7".

    Raises:
        UsageError: it is none of these.
    """
    found = _POINTS.fullmatch(value.strip())
    if found is None:
        raise UsageError(f'points "{value[:40]}": write +1.4 or -2 to add, =7 to set them.')
    amount = Decimal(found["amount"])
    return PointsChange(found["sign"] == "=", -amount if found["sign"] == "-" else amount)


def changed_points(points: Decimal, changes: Iterable[Adjustment]) -> Decimal:
    """What some points become by all decisions about them; it may be below 0 or beyond all bounds.

    Bounds hold for the result alone, so that "-3" takes back what "+3" gave, wherever that led.
    """
    for one in changes:
        points = points_change(one.value).applied(points)
    return points


def due_time(value: str) -> datetime.datetime:
    """Read an extension's new due time.

    Raises:
        UsageError: it is no time, or says no zone.
    """
    moment = read_moment(value)
    if moment is None or moment.utcoffset() is None:
        example = "2026-10-21T23:59+02:00"
        raise UsageError(f'due time "{value[:40]}": write it with its zone, like {example}.')
    return moment


def check(adjustment: Adjustment) -> None:
    """Refuse an adjustment that nobody could apply or understand later.

    Raises:
        UsageError: says what is wrong, and what would be right.
    """
    if bool(adjustment.student) == bool(adjustment.section):
        raise UsageError("An adjustment is about one student or one section: name one of the two.")
    if adjustment.at.tzinfo is None:
        raise UsageError("An adjustment's time needs its zone.")
    if not adjustment.who:
        raise UsageError("Say who decides: a name or handle.")
    if max(len(adjustment.why), len(adjustment.value)) > LONGEST:
        raise UsageError(f"A text has at most {LONGEST:,} letters.")
    if _UNKEPT.search(adjustment.why + adjustment.value):
        raise UsageError(
            "A text holds a character (NUL, or half of one) that no database keeps. Take it out."
        )
    if adjustment.machine is not None and not math.isfinite(adjustment.machine):
        raise UsageError("The machine's points must be a finite number.")
    _check_value(adjustment)


def _check_value(adjustment: Adjustment) -> None:
    match adjustment.kind:
        case Kind.EXTENSION:
            due_time(adjustment.value)
        case Kind.POINTS:
            points_change(adjustment.value)
        case Kind.EXCUSE:
            if adjustment.value not in ("yes", "no"):
                raise UsageError('An excuse is "yes", or "no" to take one back.')
        case _:
            if not adjustment.value.strip():
                raise UsageError(f"This {adjustment.kind} has no text. Write one.")
    if adjustment.kind in (Kind.POINTS, Kind.EXCUSE) and not adjustment.why.strip():
        raise UsageError(f"Say why: the student reads the reason for {adjustment.kind}.")
    whole = adjustment.kind in (Kind.EXTENSION, Kind.EXCUSE)
    if whole and adjustment.exercise is not None:
        raise UsageError(f"An {adjustment.kind} is about a whole assignment: leave out --exercise.")

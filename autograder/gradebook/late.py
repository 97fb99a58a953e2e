"""What late work costs: how late it is, and how many points that takes."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal

from autograder.course.policy import Late, Per

_HOUR = datetime.timedelta(hours=1)


@dataclass(frozen=True)
class Charge:
    """How many hours or days an attempt is late, and the points that it loses."""

    units: int
    lost: Decimal


def is_late(received: datetime.datetime, due: datetime.datetime, late: Late | None) -> bool:
    """Whether it came after the due time and the time of grace."""
    grace = late.grace if late else datetime.timedelta()
    return utc(received) > utc(due) + grace


def charge(
    late: Late, received: datetime.datetime, due: datetime.datetime, points: Decimal
) -> Charge:
    """What a late attempt loses of its points; it is known to be late."""
    units = _units(late.per, received, due)
    rate = Decimal(str(late.amount)) * units
    if late.cap is not None:
        rate = min(rate, Decimal(str(late.cap)))
    lost = points * rate / 100 if late.percent else rate
    return Charge(units, min(lost, points))


def _units(per: Per, received: datetime.datetime, due: datetime.datetime) -> int:
    """The hours or days that have begun since the due time."""
    if per is Per.HOUR:
        return -((utc(due) - utc(received)) // _HOUR)
    days = max((utc(received) - utc(due)).days - 1, 0)  # the clock may be changed between them
    while utc(due + datetime.timedelta(days=days)) < utc(received):  # in the zone of ``due``
        days += 1
    return days


def utc(moment: datetime.datetime) -> datetime.datetime:
    """A moment as it can be compared: two times of one zone compare by the clock on the wall."""
    return moment.astimezone(datetime.UTC)

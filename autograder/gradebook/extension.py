"""The due time that somebody writes for an extension: a moment, or so much later than so far."""

from __future__ import annotations

import datetime
import re
from contextlib import suppress

from autograder.course.moments import is_in_range, read_moment
from autograder.errors import UsageError

_LATER = re.compile(r"\+(?P<amount>[0-9]{1,4}) ?(?P<unit>[hd])")
_EXAMPLE = "2026-10-21T23:59"


def new_due(
    value: str, due: datetime.datetime | None, zone: datetime.tzinfo | None
) -> datetime.datetime:
    """Read "2026-10-21T23:59", or "+2d" and "+36h" behind the due time that holds so far.

    Raises:
        UsageError: it is no time, nobody knows its zone, or there is no due time so far.
    """
    later = _LATER.fullmatch(value.strip())
    if later is None:
        return moment(value, zone, f"{_EXAMPLE} or +2d")
    if due is None:
        raise UsageError(f"There is no due time in course.toml to add {value} to.")
    with suppress(OverflowError):
        moved = _moved(due, int(later["amount"]), later["unit"])
        if is_in_range(moved):
            return moved
    raise UsageError(f"{value} behind {due:%Y-%m-%d %H:%M} is no time. Give less time.")


def _moved(due: datetime.datetime, amount: int, unit: str) -> datetime.datetime:
    if unit == "d":
        return due + datetime.timedelta(days=amount)  # by the clock on the wall
    moved = due.astimezone(datetime.UTC) + datetime.timedelta(hours=amount)
    return moved.astimezone(due.tzinfo)


def moment(value: str, zone: datetime.tzinfo | None, example: str = _EXAMPLE) -> datetime.datetime:
    """Read a moment; one without a zone is in the course's.

    Raises:
        UsageError: it is no time, or nobody knows its zone.
    """
    found = read_moment(value.strip())
    if found is None:
        raise UsageError(f"{value[:40]}: is no time. Write one like {example}.")
    if found.tzinfo is None and zone is None:
        raise UsageError(
            f'{value}: in which time zone? Write timezone = "Europe/Berlin", or your own, in '
            "course.toml, or add the offset: +02:00."
        )
    return found if found.tzinfo else found.replace(tzinfo=zone)

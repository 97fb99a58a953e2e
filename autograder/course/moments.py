"""Reads moments that others wrote: one that no course can have is no moment."""

from __future__ import annotations

import datetime

_FIRST, _LAST = 1971, 9998  # years; beyond them some time zone has no such moment


def is_in_range(moment: datetime.datetime) -> bool:
    """Whether every time zone has this moment."""
    return _FIRST <= moment.year <= _LAST


def read_moment(text: str) -> datetime.datetime | None:
    """A moment in ISO 8601, with or without its zone; None for anything else."""
    try:
        found = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if is_in_range(found) else None

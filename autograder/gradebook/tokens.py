"""How often a student may read what the hidden checks say: tokens that come back with time.

Every attempt is taken, graded and kept, and the visible checks in a notebook are never limited: a
token is only spent on reading. Where none is left, the newest attempt waits for the next one, and
takes the place of those that waited before it. An attempt that could not be graded costs nothing.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.course.policy import Tokens
from autograder.gradebook.attempts import Attempt, State, in_order
from autograder.gradebook.late import utc


@dataclass(frozen=True)
class Turn:
    """One attempt, and when its feedback may be read; None: a newer one took its turn."""

    attempt: Attempt
    shown: datetime.datetime | None


@dataclass(frozen=True)
class Balance:
    """How many tokens are left, and when the next one comes back; None: all are there."""

    left: int
    more_at: datetime.datetime | None


def turns(
    attempts: Sequence[Attempt], tokens: Tokens | None, due: datetime.datetime | None
) -> list[Turn]:
    """When the feedback on each attempt may be read, in the order in which they came."""
    spent: list[datetime.datetime] = []
    found: list[Turn] = []
    ordered = in_order(attempts)
    for place, attempt in enumerate(ordered):
        came = attempt.received
        if tokens is None or came is None or not _costs(attempt):
            found.append(Turn(attempt, came and utc(came)))
            continue
        at = _next_token(spent, tokens, due, utc(came))
        if any(_takes_over(newer, at) for newer in ordered[place + 1 :]) and at > utc(came):
            found.append(Turn(attempt, None))
            continue
        spent.append(at)
        found.append(Turn(attempt, at))
    return found


def balance(
    attempts: Sequence[Attempt],
    tokens: Tokens,
    due: datetime.datetime | None,
    now: datetime.datetime,
) -> Balance:
    """What a student has left at one moment."""
    spent = [t.shown for t in turns(attempts, tokens, due) if t.shown and _costs(t.attempt)]
    held = [at for at in spent if at > utc(now) - tokens.window]
    left = max(_allowance(tokens, due, utc(now)) - len(held), 0)
    return Balance(left, min(held) + tokens.window if held else None)


def _costs(attempt: Attempt) -> bool:
    """Whether reading about it takes a token: neither the file nor the machine was at fault."""
    return attempt.outcome in (State.GRADED, State.WAITING)


def _takes_over(newer: Attempt, at: datetime.datetime) -> bool:
    """Whether a newer attempt was there before the token came back."""
    return _costs(newer) and newer.received is not None and utc(newer.received) <= at


def _next_token(
    spent: Sequence[datetime.datetime],
    tokens: Tokens,
    due: datetime.datetime | None,
    came: datetime.datetime,
) -> datetime.datetime:
    """The first moment from then on at which a token is there; one always comes back."""
    moments = [came, *(at + tokens.window for at in spent if at + tokens.window > came)]
    return next(at for at in sorted(moments) if _is_free(spent, tokens, due, at))


def _is_free(
    spent: Sequence[datetime.datetime],
    tokens: Tokens,
    due: datetime.datetime | None,
    at: datetime.datetime,
) -> bool:
    held = sum(at - tokens.window < one for one in spent)
    return held < _allowance(tokens, due, at)


def _allowance(tokens: Tokens, due: datetime.datetime | None, at: datetime.datetime) -> int:
    """Who starts early may read more often."""
    early = due is not None and at <= utc(due) - tokens.ahead
    return tokens.most + (tokens.early if early else 0)

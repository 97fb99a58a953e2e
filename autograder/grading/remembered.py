"""Whether an answer depends on the calls before it, as with a default that collects and is kept.

Some calls of failed checks are put once more, each to a process of which nothing else was asked.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress

from autograder.grading.handles import Record
from autograder.grading.judging import Verdict
from autograder.grading.matching import same_answer
from autograder.model import Status
from autograder.sandbox.answers import Answer, Stopped
from autograder.sandbox.inside import protocol
from autograder.sandbox.session import Session, decoded

_MOST = 2  # calls that are put once more, each to two processes
_SECONDS = 2.0  # for each
_REPEATABLE = {"call", "probe"}


def depends_on_earlier_calls(verdicts: Sequence[Verdict], start: Callable[[], Session]) -> bool:
    """Whether one and the same call is answered in one way alone, and otherwise after others.

    Args:
        verdicts: of one exercise.
        start: a new process with the same code.
    """
    with suppress(Stopped, protocol.ProtocolError):
        return any(_depends(record, start) for record in _latest(verdicts))
    return False


def _depends(record: Record, start: Callable[[], Session]) -> bool:
    alone = _asked(record.frame, start)
    if same_answer(record.answer, alone):
        return False
    return same_answer(alone, _asked(record.frame, start))  # else it is chance that decides


def _asked(frame: bytes, start: Callable[[], Session]) -> Answer:
    with closing(start()) as session:
        return session.ask(frame, time.monotonic() + _SECONDS)


def _latest(verdicts: Sequence[Verdict]) -> Iterator[Record]:
    """The last calls of the last failed checks: before these, the most was asked."""
    failed = [v for v in verdicts if v.check.status in (Status.FAILED, Status.CRASHED)]
    quick = [v for v in failed if v.item.hidden and not v.item.slow and v.replies]
    for verdict in quick[: -_MOST - 1 : -1]:
        frame, reply = verdict.replies[-1]
        if protocol.head_of(frame)["do"] in _REPEATABLE:
            yield Record(frame, decoded(reply))

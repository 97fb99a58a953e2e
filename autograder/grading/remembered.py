"""Whether an answer depends on the calls before it, as with a default that collects and is kept.

Some calls of failed checks are put once more, each to a process of which nothing else was asked.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from itertools import islice

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


def depends_on_earlier_calls(
    verdicts: Sequence[Verdict], expected: Callable[[bytes], Answer], start: Callable[[], Session]
) -> bool:
    """Whether one and the same call is answered in one way alone, and otherwise after others.

    Args:
        verdicts: of one exercise.
        expected: answers the same requests rightly.
        start: a new process with the same code.
    """
    with suppress(Stopped, protocol.ProtocolError):
        return any(_depends(record, start) for record in _latest_wrong(verdicts, expected))
    return False


def _depends(record: Record, start: Callable[[], Session]) -> bool:
    alone = _asked(record.frame, start)
    if same_answer(record.answer, alone):
        return False
    return same_answer(alone, _asked(record.frame, start))  # else it is chance that decides


def _asked(frame: bytes, start: Callable[[], Session]) -> Answer:
    with closing(start()) as session:
        return session.ask(frame, time.monotonic() + _SECONDS)


def _latest_wrong(
    verdicts: Sequence[Verdict], expected: Callable[[bytes], Answer]
) -> Iterator[Record]:
    """The last wrong call of each of the last failed checks: before these, the most was asked."""
    failed = [v for v in verdicts if v.check.status in (Status.FAILED, Status.CRASHED)]
    quick = [v for v in failed if v.item.hidden and not v.item.slow]
    quick.sort(key=lambda v: not v.item.about)  # a fact alone, such as a dtype, hangs on no call
    for verdict in quick[: -_MOST - 1 : -1]:
        asked = (Record(*pair) for pair in _answered(verdict))
        wrong = (r for r in asked if not same_answer(r.answer, expected(r.frame)))
        yield from islice(wrong, 1)


def _answered(verdict: Verdict) -> Iterator[tuple[bytes, Answer]]:
    """What a check asked and can be asked again, the last first."""
    for frame, reply in reversed(verdict.replies):
        if protocol.head_of(frame)["do"] in _REPEATABLE:
            yield frame, decoded(reply)

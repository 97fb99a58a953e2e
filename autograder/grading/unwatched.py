"""Own work that could not be watched: an answer that says nothing is no way around the rule.

A check of own work (``authoring.own_work``) watches one call. Where that call raises, ends Python
or is wrong, nobody knows what it uses. Then what the exercise's other checks were rightly answered
is asked once more, in a process in which nothing of what is forbidden can be run: code that is not
right there has used it.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any

import torch

from autograder.grading.facts import Fact
from autograder.grading.judging import Verdict
from autograder.grading.matching import same_answer
from autograder.model import Status
from autograder.notebook import wording
from autograder.sandbox.answers import Stopped
from autograder.sandbox.client import Reply
from autograder.sandbox.inside import protocol
from autograder.sandbox.inside.withheld import plain
from autograder.sandbox.session import Session, decoded

_TOLD = 2  # names of what was used that are told


def confirmed(exercise: str, verdicts: Sequence[Verdict], session: Session) -> list[Verdict]:
    """The verdicts of one exercise; a check of own work fails that hid what it should have seen."""
    forbidden = {name for v in verdicts if _is_open(v) for name in _forbidden(v)}
    if not forbidden or not _is_used(exercise, forbidden, verdicts, session):
        return list(verdicts)
    read = session.inventory.names.get(exercise, ())
    names = tuple(name for name in read if plain(name) in forbidden)[:_TOLD]
    return [_failed(v, names) if _is_open(v) and _forbidden(v) else v for v in verdicts]


def _is_open(verdict: Verdict) -> bool:
    """Whether a check that decides the exercise said nothing, though there was time for it."""
    said = verdict.check.status in (Status.PASSED, Status.FAILED)
    return verdict.item.keeps < 1 and not said and not verdict.used_up


def _forbidden(verdict: Verdict) -> set[str]:
    heads = [protocol.head_of(frame) for frame, _ in verdict.replies]
    return {name for head in heads if head["do"] == "without" for name in head["forbidden"]}


def _is_used(
    exercise: str, forbidden: Collection[str], verdicts: Sequence[Verdict], session: Session
) -> bool:
    """Whether code that was right somewhere cannot do without, or says what is no operation."""
    earned = dict(_earned(exercise, verdicts))
    if not earned:
        return False
    read = map(plain, session.inventory.names.get(exercise, ()))
    if not set(read).isdisjoint({*forbidden} - _operations()):
        return True
    seconds = sum(v.item.seconds for v in verdicts)
    replies = session.asked_without(sorted(forbidden), exercise, list(earned), seconds)
    pairs = zip(earned.items(), replies, strict=True)
    return not all(_is_alike(before, now) for (_, before), now in pairs)


def _earned(exercise: str, verdicts: Sequence[Verdict]) -> Iterator[tuple[bytes, Reply]]:
    """The plain calls of an exercise's passed checks, and what came back."""
    for verdict in verdicts:
        if verdict.item.hidden and verdict.check.status is Status.PASSED:
            for frame, reply in verdict.replies:
                head = protocol.head_of(frame)
                if head["do"] == "call" and head["exercise"] == exercise:
                    yield frame, reply


@functools.cache
def _operations() -> frozenset[str]:
    """What can be taken from a process: torch's operations, by their plain names."""
    dispatcher: Any = torch._C
    names = dispatcher._dispatch_get_all_op_names()
    return frozenset(plain(name.removeprefix("aten::")) for name in names)


def _is_alike(before: Reply, now: Reply) -> bool:
    """Whether both replies hold the same answer; where the budget ends, nothing is known."""
    if now.used_up:
        return True
    try:
        return same_answer(decoded(before), decoded(now))
    except Stopped:
        return False


def _failed(verdict: Verdict, names: tuple[str, ...]) -> Verdict:
    said = wording.told(verdict.item.sentence, wording.difference(Fact.FORBIDDEN, names))
    return replace(verdict, check=replace(verdict.check, status=Status.FAILED, message=said))

"""Own work that was not watched: one call by hand is no way around the rule, nor is silence.

A check of own work (``authoring.own_work``) watches one call. Where that call raises, ends Python
or is wrong, nobody knows what it uses; and where it is right, code that names what is forbidden, or
has unfamiliar names and so could hide it, may use it in other calls. Then what the exercise's other
checks were rightly answered is asked once more: calls watched, as that one was, and all of it in a
process where nothing of what is forbidden can be run. Code that is not right there has used it;
where the submission's budget ends before that is known, the check was not run.
"""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch

from autograder.grading.facts import Fact
from autograder.grading.judging import Verdict, not_run
from autograder.grading.matching import same_answer
from autograder.model import Status
from autograder.notebook import wording
from autograder.sandbox.answers import Stopped
from autograder.sandbox.client import Reply
from autograder.sandbox.inside import protocol
from autograder.sandbox.inside.values import with_values
from autograder.sandbox.inside.withheld import operations_of, plain, used_of
from autograder.sandbox.session import BudgetSpent, Session, decoded

_TOLD = 2  # names of what was used that are told
_OWN_NAME = re.compile(r"\bsolution\.\w+")  # in a probe: what the exercise is called
_NOTED = ("operations", "calls")  # of a call that is watched


def confirmed(exercise: str, verdicts: Sequence[Verdict], session: Session) -> list[Verdict]:
    """The verdicts of one exercise; a check of own work fails that hid what it should have seen."""
    for is_doubtful, is_used in ((_is_open, _is_used), (_is_passed, _is_used_elsewhere)):
        doubtful = [v for v in verdicts if is_doubtful(v) and _forbidden(v)]
        forbidden = {name for v in doubtful for name in _forbidden(v)}
        try:
            used = doubtful and is_used(exercise, forbidden, verdicts, session)
        except BudgetSpent as end:
            return [not_run(v.item, end.used_up, ()) if v in doubtful else v for v in verdicts]
        if used:
            read = session.inventory.mentions.get(exercise, ())
            names = tuple(name for name in read if plain(name) in forbidden)[:_TOLD]
            return [_failed(v, names) if v in doubtful else v for v in verdicts]
    return list(verdicts)


def _is_open(verdict: Verdict) -> bool:
    """Whether a check that decides the exercise said nothing, though there was time for it."""
    said = verdict.check.status in (Status.PASSED, Status.FAILED)
    return verdict.item.keeps < 1 and not said and not verdict.used_up


def _is_passed(verdict: Verdict) -> bool:
    """Whether a check that decides the exercise saw nothing that is forbidden."""
    return verdict.item.keeps < 1 and verdict.check.status is Status.PASSED


def _forbidden(verdict: Verdict) -> set[str]:
    heads = [protocol.head_of(frame) for frame, _ in verdict.replies]
    return {name for head in heads if head["do"] == "without" for name in head["forbidden"]}


def _is_used(
    exercise: str, forbidden: Collection[str], verdicts: Sequence[Verdict], session: Session
) -> bool:
    """Whether code that was right somewhere cannot do without, or says what is no operation."""
    earned = dict(_earned(exercise, forbidden, verdicts))
    if not earned:
        return False
    read = map(plain, session.inventory.names.get(exercise, ()))
    if not set(read).isdisjoint({*forbidden} - _operations()):
        return True
    seconds = sum(v.item.seconds for v in verdicts)
    return not _is_right_without(exercise, forbidden, earned, session, seconds)


def _is_right_without(
    exercise: str,
    forbidden: Collection[str],
    earned: Mapping[bytes, Reply],
    session: Session,
    seconds: float,
) -> bool:
    replies = session.asked_without(sorted(forbidden), exercise, list(earned), seconds)
    pairs = zip(earned.items(), replies, strict=True)
    return all(_is_alike(before, now) for (_, before), now in pairs)


def _is_used_elsewhere(
    exercise: str, forbidden: Collection[str], verdicts: Sequence[Verdict], session: Session
) -> bool:
    """Whether code that was by hand in the call that was watched is not in the others."""
    watching = next(_watching(verdicts), None)
    if watching is None or not session.could_hide(exercise, forbidden):
        return False
    earned = dict(_earned(exercise, forbidden, verdicts))
    seconds = sum(v.item.seconds for v in verdicts)
    deadline = time.monotonic() + seconds
    calls = [again for frame in earned for again in _watched(frame, watching)]
    if any(_uses(forbidden, call, exercise, session, deadline) for call in calls):
        return True
    return not _is_right_without(exercise, forbidden, earned, session, seconds)


def _watching(verdicts: Sequence[Verdict]) -> Iterator[dict[str, Any]]:
    """The heads of the requests that watch a call for the checks of own work."""
    for verdict in verdicts:
        if verdict.item.keeps < 1 and _forbidden(verdict):
            heads = (protocol.head_of(frame) for frame, _ in verdict.replies)
            yield from (head for head in heads if head["do"] == "probe")


def _watched(frame: bytes, watching: Mapping[str, Any]) -> Iterator[bytes]:
    """A call that is watched: as it was, and with arguments that require gradients.

    Who watches passes arguments by place alone; other calls are asked again without, as all are.
    """
    if protocol.head_of(frame)["do"] != "call":
        return
    request = protocol.unpack_frame(frame)
    name, args = request["exercise"], request["values"]["args"]
    head = {key: watching[key] for key in ("do", "name", "text")}
    named = request["values"].get("kwargs", {})
    for given in (args, _learning(args)) if not named else ():
        yield protocol.pack({**head, "seed": request["seed"]}, {"args": [name, given]})


def _learning(value: Any) -> Any:
    """Arguments as they are where a gradient is asked for."""
    if isinstance(value, torch.Tensor) and value.is_floating_point():
        return value.detach().requires_grad_(True)
    return with_values(value, _learning)


def _uses(
    forbidden: Collection[str], call: bytes, exercise: str, session: Session, deadline: float
) -> bool:
    """Whether something forbidden runs in a call; where it cannot be watched, nothing is known."""
    try:
        noted = session.ask(call, deadline).result
    except BudgetSpent:
        raise
    except Stopped:
        return False
    ran, calls = (noted.get(key) if isinstance(noted, dict) else None for key in _NOTED)
    if ran and calls is None:  # nobody could note them: what the code reads counts
        calls = session.inventory.mentions.get(exercise, [])
    return bool(operations_of(forbidden, _texts_in(ran)) | used_of(forbidden, _texts_in(calls)))


def _texts_in(noted: Any) -> list[str]:
    """The texts of a list that comes from a student's process, and so may be anything."""
    return [one for one in noted if isinstance(one, str)] if isinstance(noted, list) else []


def _earned(
    exercise: str, forbidden: Collection[str], verdicts: Sequence[Verdict]
) -> Iterator[tuple[bytes, Reply]]:
    """What an exercise's passed checks asked, and what came back, as far as it needs nothing.

    A probe that says itself what is forbidden could not be run without, and on meta torch computes
    by what is closed there.
    """
    for verdict in verdicts:
        if verdict.item.hidden and verdict.check.status is Status.PASSED:
            for frame, reply in verdict.replies:
                head = protocol.head_of(frame)
                plain_call = head["do"] == "call" and head["exercise"] == exercise
                if plain_call or (head["do"] == "probe" and not _says(head["text"], forbidden)):
                    yield frame, reply


def _says(text: str, forbidden: Collection[str]) -> bool:
    """Whether a probe names something; the exercise that it asks for may be called the same."""
    words = re.findall(r"\w+", _OWN_NAME.sub("", text))
    return not {*forbidden, "meta"}.isdisjoint(map(plain, words))


@functools.cache
def _operations() -> frozenset[str]:
    """What can be taken from a process: torch's operations, by their plain names."""
    dispatcher: Any = torch._C
    names = dispatcher._dispatch_get_all_op_names()
    return frozenset(plain(name.removeprefix("aten::")) for name in names)


def _is_alike(before: Reply, now: Reply) -> bool:
    """Whether both replies hold the same answer; where the budget ends, nothing is known."""
    try:
        return same_answer(decoded(before), decoded(now))
    except BudgetSpent:
        raise
    except Stopped:
        return False


def _failed(verdict: Verdict, names: tuple[str, ...]) -> Verdict:
    said = wording.told(verdict.item.sentence, wording.difference(Fact.FORBIDDEN, names))
    return replace(verdict, check=replace(verdict.check, status=Status.FAILED, message=said))

"""Forms the verdicts of one submission's checks, in the trusted process.

Inputs depend on the seed alone, so each check is run once on the reference to record the requests
that it makes. Then all requests of a submission cross the wall in one flow, and the checks run on
the answers. A verdict is a function of the seed and the answers, so a check runs only on answers
that it has not judged before. What was not foreseen is asked live.

What this asks of an author: a check should make the same requests whatever comes back. One that
does not is still judged rightly, but costs a round trip for each request.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from autograder.errors import AuthorError
from autograder.grading.checks import CheckItem, outcome_of
from autograder.grading.compare import Mismatch, assert_same
from autograder.grading.draw import derived_seed
from autograder.grading.handles import Conversation, Handle, Record, Transport
from autograder.model import Check, Status
from autograder.notebook import wording
from autograder.sandbox.answers import Answer, Stopped
from autograder.sandbox.budget import Account, UsedUp
from autograder.sandbox.client import Reply
from autograder.sandbox.inside import protocol
from autograder.sandbox.session import BudgetSpent, Request, Session, decoded

_MEMORY = 100_000  # remembered verdicts; past that, all are forgotten
Replies = tuple[tuple[bytes, Reply], ...]


@dataclass(frozen=True)
class Verdict:
    """What became of one check, and what it asked and was answered."""

    item: CheckItem
    check: Check
    replies: Replies = ()
    live: tuple[Record, ...] = ()  # of a slow check, whose requests are not recorded beforehand
    used_up: UsedUp | None = None  # of the submission's budget, where that is why it was not run


class Prefetched:
    """A transport that knows the answers to recorded requests, and asks live for others."""

    def __init__(self, session: Session, replies: Mapping[bytes, Reply]) -> None:
        self._session = session
        self._replies = replies
        self.missed = False  # whether something was asked that was not recorded
        self.used_up: UsedUp | None = None  # of the budget, where that kept an answer from coming

    def ask(self, frame: bytes, deadline: float) -> Answer:
        """Return the answer, or raise Stopped."""
        try:
            if frame in self._replies:
                return decoded(self._replies[frame])
            self.missed = True
            return self._session.ask(frame, deadline)
        except BudgetSpent as end:
            self.used_up = end.used_up
            raise


class Judge:
    """The checks of one assignment with one seed, their requests recorded on the reference."""

    def __init__(self, items: Sequence[CheckItem], reference: Transport, seed: int) -> None:
        self._items = items
        self._reference = reference
        self._seed = seed
        started = time.perf_counter()
        self._frames = {item.name: self._recorded(item) for item in items if not item.slow}
        self.reference_seconds = time.perf_counter() - started
        self._verdicts: dict[bytes, tuple[Status, str]] = {}

    @property
    def slow(self) -> frozenset[str]:
        """Exercises with a check that is marked as slow."""
        return frozenset(item.exercise for item in self._items if item.slow)

    @property
    def slow_seconds(self) -> float:
        """What the slow checks may take, all together."""
        return sum(item.seconds for item in self._items if item.slow)

    def verdicts(
        self, session: Session, exercises: Collection[str], account: Account | None = None
    ) -> list[Verdict]:
        """Judge the checks of some exercises of one submission, within its budget."""
        account = account or Account()
        items = [item for item in self._items if item.exercise in exercises]
        replies = session.fetch([r for item in items for r in self._requests(item)])
        judged = [self._verdict(item, session, replies, account) for item in items]
        return _kinds_told_once(judged)

    def frames(self, exercise: str) -> list[bytes]:
        """What the hidden checks of an exercise ask, as far as it is known beforehand."""
        own = (item for item in self._items if item.exercise == exercise and item.hidden)
        return [frame for item in own for frame in self._frames.get(item.name, ())]

    def texts(self) -> list[str]:
        """The course's code that the checks will have run inside."""
        heads = (protocol.head_of(frame) for frames in self._frames.values() for frame in frames)
        return sorted({head["text"] for head in heads if "text" in head})

    def not_run(self, exercise: str) -> list[Check]:
        """The checks of an exercise that was not attempted."""
        own = (item for item in self._items if item.exercise == exercise)
        return [_check(item, Status.NOT_RUN, "", ()) for item in own]

    def refused(self, exercise: str, used_up: UsedUp) -> list[Verdict]:
        """The verdicts on an exercise for which nothing of the budget is left."""
        own = (item for item in self._items if item.exercise == exercise)
        return [_not_run(item, used_up, ()) for item in own]

    def _requests(self, item: CheckItem) -> list[Request]:
        frames = self._frames.get(item.name, ())  # recording a slow check costs more than it saves
        return [Request(frame, item.name, item.exercise, item.seconds) for frame in frames]

    def _recorded(self, item: CheckItem) -> list[bytes]:
        """What a check asks, learnt by running it on the reference, which must answer."""
        theirs = self._conversation(item, self._reference)
        if not item.hidden:
            self._run(item, theirs)
            return [record.frame for record in theirs.records]
        ours = self._conversation(item, self._reference)
        if error := item.failure(Handle(theirs), Handle(ours), self._seed):
            what = f"the reference fails this check ({type(error).__name__}: {error})"
            raise AuthorError(item.where, what, "Fix the check, its probe or the reference.")
        return [record.frame for record in theirs.records]

    def _verdict(
        self, item: CheckItem, session: Session, replies: Mapping[bytes, Reply], account: Account
    ) -> Verdict:
        own = tuple((frame, replies[frame]) for frame in self._frames.get(item.name, []))
        key = _digest(item.name, own)
        if own and key in self._verdicts:
            return Verdict(item, _check(item, *self._verdicts[key], own), own)
        if used_up := account.judged_enough:
            return _not_run(item, used_up, own)
        transport = Prefetched(session, replies)
        conversation = self._conversation(item, transport)
        account.exercise = item.exercise
        with account.judging(item.exercise):
            status, message = self._run(item, conversation)
        if transport.used_up and status is Status.NOT_RUN:
            return _not_run(item, transport.used_up, own)
        if not transport.missed:
            self._remember(key, status, message)
        live = tuple(conversation.records) if item.slow else ()
        return Verdict(item, _check(item, status, message, own), own, live)

    def _remember(self, key: bytes, status: Status, message: str) -> None:
        if len(self._verdicts) >= _MEMORY:
            self._verdicts.clear()
        self._verdicts[key] = (status, message)

    def _conversation(self, item: CheckItem, transport: Transport) -> Conversation:
        return Conversation(transport, derived_seed(self._seed, item.name), item.seconds)

    def _run(self, item: CheckItem, theirs: Conversation) -> tuple[Status, str]:
        ours = self._conversation(item, self._reference)
        if item.hidden:
            return item.run(Handle(theirs), Handle(ours), self._seed)
        head = {"do": "visible", "exercise": item.exercise, "text": item.cell}
        try:
            return _compared(theirs.ask(head), ours.ask(head))
        except Exception as error:  # a recorded answer may have any form
            return outcome_of(error, item.seconds)


def records(verdicts: Sequence[Verdict]) -> list[Record] | None:
    """The hidden checks' requests and decoded answers; None where an answer is missing."""
    hidden = [verdict for verdict in verdicts if verdict.item.hidden]
    try:
        quick = [Record(frame, decoded(reply)) for v in hidden for frame, reply in v.replies]
    except Stopped:
        return None
    return [*quick, *(record for verdict in hidden for record in verdict.live)]


def digest(verdicts: Sequence[Verdict]) -> bytes | None:
    """A short name for everything that was answered to some checks; None if some was live."""
    if any(verdict.live for verdict in verdicts):
        return None
    return b"".join(_digest(v.item.name, v.replies) for v in verdicts if v.item.hidden)


def _kinds_told_once(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The same verdicts, with the kind of a hidden check's error told once for each exercise.

    A student's code chooses which error it raises, and has seen what is hidden: each kind that is
    told carries some of that out.
    """
    told, said = set[str](), []
    for verdict in verdicts:
        item = verdict.item
        crashed = item.hidden and verdict.check.status is Status.CRASHED
        if crashed and item.exercise in told:
            message = wording.told(item.sentence, wording.ERROR_AGAIN)
            verdict = replace(verdict, check=replace(verdict.check, message=message))
        told |= {item.exercise} if crashed else set()
        said.append(verdict)
    return said


def _digest(name: str, replies: Replies) -> bytes:
    state = hashlib.blake2b(name.encode(), digest_size=16)
    for _, reply in replies:
        state.update(b"%d:" % len(reply.raw or b""))
        state.update(reply.raw or f"{reply.status} {reply.used_up}".encode())
    return state.digest()


def _not_run(item: CheckItem, used_up: UsedUp, replies: Replies) -> Verdict:
    """Nothing is known of what the check says: only why it was not run is said."""
    check = _check(item, Status.NOT_RUN, "", replies)
    said = wording.used_up(used_up.what, used_up.amount, used_up.exercise)
    return Verdict(item, replace(check, message=said), replies, used_up=used_up)


def _check(item: CheckItem, status: Status, message: str, replies: Replies) -> Check:
    said = wording.told(item.sentence, message)
    seconds = round(sum(reply.seconds for _, reply in replies), 4)
    name = item.name.removeprefix("test_") if item.hidden else "visible"
    return Check(name, item.hidden, item.weight, status, said, seconds)


def _compared(got: Answer, expected: Answer) -> tuple[Status, str]:
    """Compare what the notebook's own check recorded of the student and of the reference."""
    theirs, ours = got.value, expected.value
    if not isinstance(theirs, list) or len(theirs) != len(ours):
        raise Mismatch("type")
    for event, known in zip(theirs, ours, strict=True):
        value = event.get("value") if isinstance(event, dict) else None
        assert_same(Answer(value), known["value"], known.get("rtol"), known.get("atol"))
    return Status.PASSED, ""

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
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from autograder.errors import AuthorError
from autograder.grading.checks import SECONDS, CheckItem, Finding, has_tripped, outcome_of
from autograder.grading.compare import Mismatch, Unmet, assert_same, looking
from autograder.grading.draw import derived_seed
from autograder.grading.facts import Fact, Tolerance, differences
from autograder.grading.handles import Conversation, Handle, Record, Transport
from autograder.model import Check, Status
from autograder.notebook import wording
from autograder.sandbox.answers import Answer, Stopped, StudentRaised
from autograder.sandbox.budget import Account, UsedUp
from autograder.sandbox.client import Reply
from autograder.sandbox.inside import protocol
from autograder.sandbox.session import BudgetSpent, Request, Session, decoded

_OF_ANOTHER_KIND = {Fact.NOTHING, Fact.TYPE, Fact.LENGTH, Fact.KEYS, Fact.SHAPE, Fact.DTYPE}
_MEMORY = 100_000  # remembered verdicts; past that, all are forgotten
Replies = tuple[tuple[bytes, Reply], ...]


@dataclass(frozen=True)
class Verdict:
    """What became of one check, and what it asked and was answered."""

    item: CheckItem
    check: Check
    replies: Replies = ()
    noticed: frozenset[Fact] = frozenset()  # that differ, and are another check's subject
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
        self._findings: dict[bytes, Finding] = {}

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
        """The visible checks, which the zygote may know: what forks see can be told to students."""
        heads = (protocol.head_of(frame) for frames in self._frames.values() for frame in frames)
        return sorted({head["text"] for head in heads if head["do"] == "visible"})

    def not_run(self, exercise: str) -> list[Check]:
        """The checks of an exercise that was not attempted."""
        own = (item for item in self._items if item.exercise == exercise)
        return [_check(item, Status.NOT_RUN, "", ()) for item in own]

    def refused(self, exercise: str, used_up: UsedUp) -> list[Verdict]:
        """The verdicts on an exercise for which nothing of the budget is left."""
        own = (item for item in self._items if item.exercise == exercise)
        return [not_run(item, used_up, ()) for item in own]

    def found(self, item: CheckItem, transport: Transport) -> Finding:
        """What a hidden check finds of some solution in this process, such as a known mistake."""
        return self._run(item, self._conversation(item, transport))

    def expected(self, frame: bytes) -> Answer:
        """What the reference answers."""
        return self._reference.ask(frame, time.monotonic() + SECONDS)

    def tripped(self, exercise: str, transport: Transport) -> Iterator[tuple[str, Exception]]:
        """The hidden checks that some solution in this process makes raise, instead of comparing.

        Yields each check's place and what it raised.
        """
        for item in self._items:
            if item.exercise == exercise and item.hidden and not item.slow:
                theirs = self._conversation(item, transport)
                ours = self._conversation(item, self._reference)
                with looking(item.about):
                    error = item.failure(Handle(theirs), Handle(ours), self._seed)
                if error and has_tripped(error) and not self._unlike(item, theirs.records):
                    yield item.where, error

    def _unlike(self, item: CheckItem, records: Sequence[Record]) -> Fact | None:
        """What kind of value came back where the reference gives another; None where none did.

        A check's own code may trip over such a value, and over no other.
        """
        for record in records:
            got = record.answer
            expected = self.expected(record.frame)
            if got.error or expected.error:  # then there is no value that the check could look at
                continue
            for found in differences(got.result, expected.result, Tolerance()):
                if found.fact in _OF_ANOTHER_KIND:
                    return found.fact
        return None

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
        if own and key in self._findings:
            return _verdict(item, self._findings[key], own)
        if used_up := account.judged_enough:
            return not_run(item, used_up, own)
        transport = Prefetched(session, replies)
        conversation = self._conversation(item, transport)
        account.exercise = item.exercise
        with account.judging(item.exercise):
            finding = self._run(item, conversation)
        if transport.used_up and finding.status is Status.NOT_RUN:
            return not_run(item, transport.used_up, own)
        if not transport.missed:
            self._remember(key, finding)
        live = tuple(conversation.records) if item.slow else ()
        return replace(_verdict(item, finding, own), live=live)

    def _remember(self, key: bytes, finding: Finding) -> None:
        if len(self._findings) >= _MEMORY:
            self._findings.clear()
        self._findings[key] = finding

    def _conversation(self, item: CheckItem, transport: Transport) -> Conversation:
        return Conversation(transport, derived_seed(self._seed, item.name), item.seconds)

    def _run(self, item: CheckItem, theirs: Conversation) -> Finding:
        ours = self._conversation(item, self._reference)
        if item.hidden:
            return self._found(item, theirs, ours)
        head = {"do": "visible", "exercise": item.exercise, "text": item.cell}
        try:
            return _compared(theirs.ask(head), ours.ask(head))
        except Exception as error:  # a recorded answer may have any form
            return outcome_of(error, item.seconds)

    def _found(self, item: CheckItem, theirs: Conversation, ours: Conversation) -> Finding:
        """Run a hidden check; where it trips, what tripped it is what is told."""
        with looking(item.about) as look:
            error = item.failure(Handle(theirs), Handle(ours), self._seed)
        if error and has_tripped(error):
            fact = self._unlike(item, theirs.records)
            error = Mismatch(fact) if fact else AssertionError()
        found = outcome_of(error, item.seconds, item.about) if error else Finding(Status.PASSED)
        return replace(found, noticed=frozenset(look.noticed))


def records(verdicts: Sequence[Verdict]) -> list[Record] | None:
    """The hidden checks' requests and decoded answers; None where an answer is missing."""
    hidden = [verdict for verdict in verdicts if verdict.item.hidden]
    replies = (pair for verdict in hidden for pair in verdict.replies if not _is_apart(pair[0]))
    try:
        quick = [Record(frame, decoded(reply)) for frame, reply in replies]
    except Stopped:
        return None
    live = (record for verdict in hidden for record in verdict.live)
    return [*quick, *(record for record in live if not _is_apart(record.frame))]


def _is_apart(frame: bytes) -> bool:
    """Whether a process of its own is asked, which no known mistake has."""
    return bool(protocol.head_of(frame)["do"] == "without")


def digest(verdicts: Sequence[Verdict]) -> bytes | None:
    """A short name for everything that was answered to some checks; None if some was live."""
    if any(verdict.live for verdict in verdicts):
        return None
    return b"".join(_digest(v.item.name, v.replies) for v in verdicts if v.item.hidden)


def _kinds_told_once(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The same verdicts, with some reasons of hidden checks told once for each exercise.

    These are the kind of an error, and what keeps a check from being looked at. A student's code
    chooses them, and has seen what is hidden: each that is told carries some of that out; and what
    is said ten times is read by nobody.
    """
    told, said = set[tuple[str, Status]](), []
    for verdict in verdicts:
        item, status = verdict.item, verdict.check.status
        if item.hidden and (item.exercise, status) in told:
            message = _AGAIN[status](item.sentence)
            verdict = replace(verdict, check=replace(verdict.check, message=message))
        told |= {(item.exercise, status)} if item.hidden and status in _AGAIN else set()
        said.append(verdict)
    return said


_AGAIN = {  # what is said of further checks with the same status
    Status.CRASHED: lambda sentence: wording.told(sentence, wording.ERROR_AGAIN),
    Status.NOT_JUDGED: lambda sentence: wording.not_checked(sentence, ""),
}


def _digest(name: str, replies: Replies) -> bytes:
    state = hashlib.blake2b(name.encode(), digest_size=16)
    for _, reply in replies:
        state.update(b"%d:" % len(reply.raw or b""))
        state.update(reply.raw or f"{reply.status} {reply.used_up}".encode())
    return state.digest()


def not_run(item: CheckItem, used_up: UsedUp, replies: Replies) -> Verdict:
    """Nothing is known of what the check says: only why it was not run is said."""
    check = _check(item, Status.NOT_RUN, "", replies)
    said = wording.used_up(used_up.what, used_up.amount, used_up.exercise)
    return Verdict(item, replace(check, message=said), replies, used_up=used_up)


def _verdict(item: CheckItem, finding: Finding, replies: Replies) -> Verdict:
    check = _check(item, finding.status, finding.message, replies)
    return Verdict(item, check, replies, finding.noticed)


def _check(item: CheckItem, status: Status, message: str, replies: Replies) -> Check:
    not_judged = status is Status.NOT_JUDGED
    said = (wording.not_checked if not_judged else wording.told)(item.sentence, message)
    seconds = round(sum(max(0.0, reply.seconds - reply.waited) for _, reply in replies), 4)
    name = item.name.removeprefix("test_") if item.hidden else "visible"
    about = item.about or ""
    return Check(name, item.hidden, item.weight, status, said, seconds, item.keeps, about)


def _compared(got: Answer, expected: Answer) -> Finding:
    """Compare what the notebook's own check recorded of the student and of the reference.

    The notebook shows each difference, so that each counts here.
    """
    theirs, ours = got.result, expected.value
    if not isinstance(theirs, list):
        raise StudentRaised(got) if got.error is not None else Mismatch(Fact.TYPE)
    pairs = zip(theirs, ours, strict=False)  # a check that stopped has recorded less
    events = [(event, known) for event, known in pairs if _what(event) == known["what"]]
    if any(_changes_more(event, known) for event, known in events):
        raise Mismatch(Fact.CHANGED)  # what came back may have changed since, with the argument
    with looking(None) as look:
        for event, known in events:
            _compare_events(_value(event), known)
    if look.noticed:
        raise Mismatch(min(look.noticed))
    if got.error is not None:
        raise StudentRaised(got)
    if [_what(event) for event in theirs] != [known["what"] for known in ours]:
        asserts = any(_what(event) == "asserts" for event in theirs)
        raise AssertionError if asserts else Unmet(wording.NOT_GONE_ON.format(known=""))
    return Finding(Status.PASSED)


_OF_EXAMPLES = {
    Fact.STATEMENT: wording.OTHER_ANSWER,  # a text or a truth value
    Fact.VALUE: wording.SOME_VALUES,  # of a pair, one may be right
}


def _compare_events(value: Any, known: dict[str, Any]) -> None:
    """Raise what differs at one expectation of the notebook's check, in its own words."""
    if known["what"] == "returns":
        try:
            assert_same(Answer(value), known["value"], known["rtol"], known["atol"])
        except Mismatch as difference:
            if difference.fact not in _OF_EXAMPLES:
                raise
            raise Unmet(_OF_EXAMPLES[difference.fact]) from difference
    elif value is not known["value"]:
        if known["what"] == "holds":
            said = wording.NOT_SEEN if value is None else wording.NOT_SO
            raise Unmet(said.format(sentence=known["sentence"]))
        raise Unmet(wording.UNCHANGED)


def _changes_more(event: object, known: Mapping[str, object]) -> bool:
    """Whether a student's call changed its arguments where the reference's did not."""
    more = _value(event) is True and known["value"] is False
    return more and known["what"] == "changes its arguments"


def _what(event: object) -> Any:
    return event.get("what") if isinstance(event, dict) else None


def _value(event: object) -> Any:
    return event.get("value") if isinstance(event, dict) else None

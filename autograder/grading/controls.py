"""Control questions: does a student's process still tell the truth about what only it can see?

Some facts are noted where the student's code runs: whether an argument was changed, where a result
lives, which operations ran. Code that replaces the engine over there could answer as it likes. So
each exercise whose checks rely on such facts is also asked what is known already: a known mistake
is put in the place of the student's function, and a check's request is put to it once more, with
another seed. Who turns every fact into the right one turns this one too, and is found out. It is
asked last, when nothing that the mistake's text says can be of use.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from autograder.course.mistakes import Entry
from autograder.grading.draw import derived_seed
from autograder.grading.handles import InProcess
from autograder.grading.judging import Verdict
from autograder.model import Status
from autograder.notebook import wording
from autograder.sandbox.answers import Answer, Stopped
from autograder.sandbox.inside import protocol
from autograder.sandbox.session import BudgetSpent, InSandbox, Session

_SEARCH = 0.2  # seconds of processor time in which a control question is looked for
_OF_A_NAME = 3  # requests of one probe, or calls, that are put to the known mistakes
_SECONDS = 20.0  # for one control question
_ASKING = ("call", "probe")  # what requests do that bring facts


@dataclass(frozen=True)
class Control:
    """A request whose true answer is known: what a known mistake would say to it."""

    exercise: str
    text: str  # the mistake, as an answer cell
    frame: bytes
    facts: str


@dataclass(frozen=True)
class Lie:
    """One way to make facts better than they are, and what would give it away."""

    about: str  # the kind of request that it could improve
    has: Callable[[Answer, Answer], bool]  # of a known mistake's answer and the right one


class Controls:
    """The control questions of one assignment, chosen when an exercise first needs them."""

    def __init__(
        self,
        frames: Callable[[str], Sequence[bytes]],
        reference: InProcess,
        bank: Mapping[str, Sequence[tuple[Entry, InProcess]]],
        seed: int,
        witness: InSandbox | None = None,
    ) -> None:
        self._witness = witness
        self._frames = frames  # that the checks of an exercise send
        self._reference = reference
        self._bank = bank
        self._seed = derived_seed(seed, "controls")
        self._found: dict[tuple[str, Lie], Control | None] = {}

    def on_gpu(self, witness: InSandbox) -> Controls:
        """The same questions; a process on the GPU without student code says what is true there."""
        return Controls(self._frames, self._reference, self._bank, self._seed, witness)

    def confirmed(
        self, exercise: str, verdicts: Sequence[Verdict], session: Session
    ) -> list[Verdict]:
        """The verdicts of one exercise; those that passed count if its process tells the truth."""
        passed = {kind for v in verdicts if _has_passed(v) for kind in _kinds(v)}
        if all(_is_told(control, session, exercise) for control in self._of(exercise, passed)):
            return list(verdicts)
        return [_refused(v) if _has_passed(v) else v for v in verdicts]

    def rehearsal(self, exercise: str) -> Iterator[None]:
        """Look for the control questions of an exercise now, one at each step."""
        for lie in LIES:
            yield
            self._control(exercise, lie)

    def _of(self, exercise: str, kinds: Collection[str]) -> list[Control]:
        """A control question for each lie, about another exercise where its own has none."""
        lies = (lie for lie in LIES if lie.about in kinds)
        own = (self._control(exercise, lie) or self._any_control(lie) for lie in lies)
        return [control for control in own if control]

    def _any_control(self, lie: Lie) -> Control | None:
        return next((found for e in self._bank if (found := self._control(e, lie))), None)

    def _control(self, exercise: str, lie: Lie) -> Control | None:
        if (exercise, lie) not in self._found:
            self._found[exercise, lie] = self._search(exercise, lie)
        return self._found[exercise, lie]

    def _search(self, exercise: str, lie: Lie) -> Control | None:
        """The first known mistake whose answer to some request a liar would improve."""
        started = time.process_time()
        for frame in self._requests(exercise, lie.about):
            right = self._reference.ask(frame)
            for entry, local in self._bank.get(exercise, ()):
                answer = local.ask(frame)
                if answer.error is None and lie.has(answer, right):
                    return self._noted(exercise, entry.source, frame, answer)
                if time.process_time() - started > _SEARCH:
                    return None
        return None

    def _noted(self, exercise: str, text: str, frame: bytes, answer: Answer) -> Control:
        if self._witness:
            answer = self._witness.ask_in_place((exercise, text, frame))
        return Control(exercise, text, frame, facts(answer))

    def _requests(self, exercise: str, kind: str) -> Iterator[bytes]:
        """Some of the checks' requests of one kind, each with another seed than the check's."""
        count = Counter[str]()
        for frame in self._frames(exercise):
            head = protocol.head_of(frame)
            name = str(head.get("name"))
            count[name] += head["do"] == kind
            if head["do"] == kind and count[name] <= _OF_A_NAME:
                yield _anew(frame, derived_seed(self._seed, name))


def _anew(frame: bytes, seed: int) -> bytes:
    """The same request with another seed."""
    request = protocol.unpack_frame(frame)
    values = request.pop("values")
    return protocol.pack({**request, "seed": seed}, values)


def kind_of(frame: bytes) -> str:
    """What a request is, as far as it brings facts; empty for one that parsing alone answers."""
    asked = str(protocol.head_of(frame)["do"])
    return asked if asked in _ASKING else ""


def facts(answer: Answer) -> str:
    """All of an answer that code could turn into the right one without computing anything.

    These are truth values, texts, counts and the list of changed arguments; not the numbers in
    tensors, nor floats.
    """
    return repr((answer.error, answer.changed, list(_facts(answer.result))))


def _facts(value: Any) -> Iterator[object]:
    if value is None or isinstance(value, (bool, int, str)):
        yield value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield key
            yield from _facts(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _facts(part)
    elif isinstance(value, (set, frozenset)):
        yield from sorted((fact for part in value for fact in _facts(part)), key=repr)


def _has_passed(verdict: Verdict) -> bool:
    return verdict.item.hidden and verdict.check.status is Status.PASSED


def _kinds(verdict: Verdict) -> set[str]:
    frames = [frame for frame, _ in verdict.replies] + [record.frame for record in verdict.live]
    return {kind for frame in frames if (kind := kind_of(frame))}


def _changes_more(answer: Answer, right: Answer) -> bool:
    return answer.changed != right.changed


def _says_false(answer: Answer, right: Answer) -> bool:
    pairs = zip(_facts(answer.result), _facts(right.result), strict=False)
    return any(one is False and other is True for one, other in pairs)


def _says_more(answer: Answer, right: Answer) -> bool:
    one, other = (
        {text for text in _facts(known.result) if isinstance(text, str)}
        for known in (answer, right)
    )
    return bool(one - other)


LIES = (Lie("call", _changes_more), Lie("probe", _says_false), Lie("probe", _says_more))


def _is_told(control: Control, session: Session, beside: str) -> bool:
    """Whether the process says of the known mistake what is true of it.

    What a student did to torch may honestly be in the way; then it is asked once more without.
    Where the submission's budget is used up, nothing is asked, and nothing held against it.
    """
    known = control.exercise, control.text, control.frame
    for restore in (False, True):
        try:
            answer = session.ask_in_place(known, beside, _SECONDS, restore=restore)
        except BudgetSpent:
            return True
        except Stopped:
            continue
        if facts(answer) == control.facts:
            return True
    return False


def _refused(verdict: Verdict) -> Verdict:
    said = wording.forged(verdict.item.sentence)
    return replace(verdict, check=replace(verdict.check, status=Status.NOT_RUN, message=said))

"""Forms the verdicts of one submission's checks, in the trusted process, and remembers them.

Inputs depend on the seed alone, so the checks are rehearsed once on the reference to learn which
requests they make. Then all requests of a submission cross the wall in one flow, and a check runs
only on answers that it has not judged before: a verdict is a function of seed and answers.
A check that asks something unforeseen asks it live, and is not remembered.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from autograder import sentences
from autograder.compare import Answer, Mismatch, assert_same
from autograder.draw import derived_seed
from autograder.model import Check, Exercise, Status
from autograder.plugin import Graders, Task, judged
from autograder.sandbox.client import Reply
from autograder.sandbox.inside import protocol
from autograder.sandbox.session import Request, Session, decoded
from autograder.student import Handle, Record, Stopped, Transport

VISIBLE_SECONDS = 20.0
_MEMORY = 100_000  # remembered verdicts; past that, all are forgotten


@dataclass(frozen=True)
class Verdict:
    """What became of one check, and what it asked and was answered."""

    task: Task
    check: Check
    replies: tuple[tuple[bytes, Reply], ...] = ()
    live: tuple[Record, ...] = ()  # of a slow check, which is not rehearsed


class Foreseen:
    """A transport that knows the answers to rehearsed requests, and asks live for others."""

    def __init__(self, session: Session, replies: Mapping[bytes, Reply]) -> None:
        self._session, self._replies = session, replies
        self.surprised = False

    def ask(self, frame: bytes, deadline: float) -> Answer:
        """Return the answer, or raise Stopped."""
        if frame in self._replies:
            return decoded(self._replies[frame])
        self.surprised = True
        return self._session.ask(frame, deadline)


class Judge:
    """The checks of one assignment with one seed."""

    def __init__(
        self, graders: Graders, exercises: Sequence[Exercise], reference: Transport, seed: int
    ) -> None:
        self._graders, self._transport, self._seed = graders, reference, seed
        self._reference = Handle(reference)
        self._tasks = [task for exercise in exercises for task in _tasks(exercise, graders)]
        self._frames: dict[str, list[bytes]] = {}
        self._verdicts: dict[bytes, tuple[Status, str]] = {}

    @property
    def slow(self) -> frozenset[str]:
        """Exercises with a check that is marked as slow."""
        return frozenset(task.exercise for task in self._tasks if task.slow)

    def reseed(self, seed: int) -> None:
        """Draw other inputs from now on."""
        self._seed = seed
        self._frames.clear()
        self._verdicts.clear()

    def verdicts(self, session: Session, exercises: Collection[str]) -> list[Verdict]:
        """Judge the checks of some exercises of one submission."""
        tasks = [task for task in self._tasks if task.exercise in exercises]
        replies = session.fetch([r for task in tasks for r in self._requests(task)])
        return [self._verdict(task, session, replies) for task in tasks]

    def rehearse(self) -> None:
        """Learn now what the checks will ask."""
        for task in self._tasks:
            self._requests(task)

    def texts(self) -> list[str]:
        """The course's code that the checks will have run inside."""
        heads = (protocol.head_of(frame) for frames in self._frames.values() for frame in frames)
        return sorted({head["text"] for head in heads if "text" in head})

    def not_run(self, exercise: str) -> list[Check]:
        """The checks of an exercise that was not attempted."""
        own = (task for task in self._tasks if task.exercise == exercise)
        return [_check(task, Status.NOT_RUN, "", ()) for task in own]

    def _requests(self, task: Task) -> list[Request]:
        if task.slow:  # rehearsing it costs more than asking live
            return []
        if task.name not in self._frames:
            self._frames[task.name] = self._rehearsed(task)
        return [
            Request(frame, task.name, task.exercise, task.seconds)
            for frame in self._frames[task.name]
        ]

    def _rehearsed(self, task: Task) -> list[bytes]:
        rehearsing = Handle(self._transport)
        self._run(task, rehearsing)
        return [record.frame for record in rehearsing.records]

    def _verdict(self, task: Task, session: Session, replies: Mapping[bytes, Reply]) -> Verdict:
        own = [(frame, replies[frame]) for frame in self._frames.get(task.name, [])]
        key = _digest(task.name, own)
        if own and key in self._verdicts:
            return Verdict(task, _check(task, *self._verdicts[key], own), tuple(own))
        transport = Foreseen(session, replies)
        student = Handle(transport)
        status, message = self._run(task, student)
        if not transport.surprised:
            self._remember(key, status, message)
        live = tuple(student.records) if task.slow else ()
        return Verdict(task, _check(task, status, message, own), tuple(own), live)

    def _remember(self, key: bytes, status: Status, message: str) -> None:
        if len(self._verdicts) >= _MEMORY:
            self._verdicts.clear()
        self._verdicts[key] = (status, message)

    def _run(self, task: Task, student: Handle) -> tuple[Status, str]:
        for handle in (student, self._reference):
            handle.begin(derived_seed(self._seed, task.name), task.seconds)
        if task.hidden:
            return self._graders.run(task.name, student, self._reference, self._seed)
        try:
            return _compared(
                student.visible(task.exercise, task.cell),
                self._reference.visible(task.exercise, task.cell),
            )
        except Exception as error:  # a recorded answer may have any form
            return judged(error, task.seconds)


def records(verdicts: Sequence[Verdict]) -> list[Record] | None:
    """The hidden checks' requests and decoded answers; None where an answer is missing."""
    hidden = [verdict for verdict in verdicts if verdict.task.hidden]
    try:
        quick = [Record(frame, decoded(reply)) for v in hidden for frame, reply in v.replies]
    except Stopped:
        return None
    return [*quick, *(record for verdict in hidden for record in verdict.live)]


def digest(verdicts: Sequence[Verdict]) -> bytes | None:
    """A short name for everything that was answered to some checks; None if some was live."""
    if any(verdict.live for verdict in verdicts):
        return None
    return b"".join(_digest(v.task.name, v.replies) for v in verdicts if v.task.hidden)


def _tasks(exercise: Exercise, graders: Graders) -> list[Task]:
    visible = Task(
        name=f"visible {exercise.id}",
        exercise=exercise.id,
        seconds=VISIBLE_SECONDS,
        hidden=False,
        cell=exercise.check.source,
    )
    return [visible, *(task for task in graders.tasks if task.exercise == exercise.id)]


def _digest(name: str, replies: Sequence[tuple[bytes, Reply]]) -> bytes:
    state = hashlib.blake2b(name.encode(), digest_size=16)
    for _, reply in replies:
        state.update(b"%d:" % len(reply.raw or b""))
        state.update(reply.raw or reply.status.encode())
    return state.digest()


def _check(
    task: Task, status: Status, message: str, replies: Sequence[tuple[bytes, Reply]]
) -> Check:
    said = sentences.told(task.sentence, message)
    seconds = round(sum(reply.seconds for _, reply in replies), 4)
    name = task.name.removeprefix("test_") if task.hidden else "visible"
    return Check(name, task.hidden, task.weight, status, said, seconds)


def _compared(got: Answer, expected: Answer) -> tuple[Status, str]:
    """Compare what the notebook's own check recorded of the student and of the reference."""
    theirs, ours = got.value, expected.value
    if not isinstance(theirs, list) or len(theirs) != len(ours):
        raise Mismatch("type")
    for event, known in zip(theirs, ours, strict=True):
        value = event.get("value") if isinstance(event, dict) else None
        assert_same(Answer(value), known["value"], known.get("rtol"), known.get("atol"))
    return Status.PASSED, ""

"""One submission behind the wall: a transport for the ``student`` handle that survives deaths.

The first process of a submission parses its cells before any of its code runs, so what it says
about them can be trusted. When student code kills its process, the next request starts a new one.
"""

from __future__ import annotations

import functools
import math
import time
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from autograder.errors import InfrastructureError
from autograder.model import Status, Submission
from autograder.sandbox.answers import Answer, Stopped, to_answer
from autograder.sandbox.budget import Account, UsedUp
from autograder.sandbox.client import OPEN_SECONDS, Reply, SandboxProcess, Zygote
from autograder.sandbox.inside import protocol
from autograder.sandbox.inside.withheld import plain
from autograder.sandbox.inside.withheld_functions import NUMERICAL

MAX_DEATHS = 20  # that code brought about in one session; what is left is not run
DEATHS_IN_COMPANY = 2  # by one exercise; then the rest of it waits for a process of its own
ANSWERS = 32  # of the largest size that a submission may give within its budget
PARSE_SECONDS = 5.0  # to parse a part of a submission that could not be parsed as a whole
PARSE_ALL_SECONDS = 60.0
REFERENCE_SECONDS = 300.0  # for one answer of the reference
_NEED_COMPILER = {"func", "checkpoint"}  # names in torch that load its compiler: 0.7 s
_APART = "without"  # what is asked of a process of its own
_NOTHING_TO_ASK = Reply(protocol.pack({}, {"result": {}, "changed": []}))
# Exercises; source, None where it cannot be parsed; whether it was handed out to be looked at.
_Cell = tuple[tuple[str, ...], str | None, bool]


class BudgetSpent(Stopped):
    """No answer came, since a budget of the submission is used up."""

    def __init__(self, used_up: UsedUp) -> None:
        super().__init__(Status.NOT_RUN)
        self.used_up = used_up


@dataclass(frozen=True)
class Request:
    """A frame that a check will send, and which check of which exercise it belongs to."""

    frame: bytes
    check: str
    exercise: str
    seconds: float  # wall clock for all requests of the check together


@dataclass(frozen=True)
class Inventory:
    """What the cells hold, found by parsing alone; lists run along the submission's cells."""

    problems: tuple[tuple[int, str] | None, ...]  # a syntax error's line and text
    notes: tuple[tuple[str, ...], ...]
    binds: tuple[tuple[str, ...], ...]
    flags: tuple[tuple[str, ...], ...]
    plain: bool  # whether running the cells in order can mean nothing else than their slices do
    names: dict[str, list[str]]  # library names that each exercise's code mentions
    mentions: dict[str, list[str]]  # the same, with names of attributes of its own
    absent: dict[str, list[str]]  # packages that an exercise's code imports and does not find
    on_gpu: frozenset[str]  # exercises whose code moves something to a GPU
    below: frozenset[str] = frozenset()  # exercises that are bound below their check only
    doubtful: frozenset[str] = frozenset()  # whose code says names that could lead anywhere


class Session:
    """The transport into one submission's code.

    ``patience`` shortens every limit: an exercise that hangs in the company of others, or ends
    the process, is asked again in one of its own, where nobody else can be to blame. All sessions
    of one submission share its ``account``.
    """

    AS_NOTEBOOK = False  # whether the cells are read as IPython runs them, from top to bottom

    def __init__(
        self,
        zygote: Zygote,
        submission: Submission,
        setup: Sequence[str],
        patience: float = math.inf,
        account: Account | None = None,
    ) -> None:
        self._zygote = zygote
        self._setup = list(setup)
        self._patience = patience
        self._account = account or Account()
        self._cells: list[_Cell] = [(c.exercises, c.source, c.given) for c in submission.cells]
        self._above = dict(submission.above)
        self.deaths = 0  # of its processes, by its own code or by a limit
        self._ended = Counter[str]()  # of these, by its own code: by exercise
        self._elsewhere = sorted(submission.elsewhere)
        self._order = list[str]()  # of the exercises that are asked about here
        self._process, self.inventory = self._start()
        if _NEED_COMPILER & set().union(*self.inventory.names.values()):
            zygote.load_compiler()

    @property
    def layers(self) -> list[str]:
        """The layers of the inner wall that took hold."""
        return self._process.layers

    def fetch(self, requests: Sequence[Request]) -> dict[bytes, Reply]:
        """Ask everything that the checks are going to ask, in one flow.

        A request that ends the process ends its check; one that is out of time its exercise; and
        one that finds the budget used up ends all.
        """
        requests = self._in_order(requests)
        replies = {r.frame: known for r in requests if (known := self._known(r.frame))}
        left = [r for r in requests if r.frame not in replies and not _asks_apart(r.frame)]
        apart = [r for r in requests if r.frame not in replies and _asks_apart(r.frame)]
        while left:
            if used_up := self._used_up():
                refusal = Reply(status=Status.NOT_RUN, used_up=used_up)
                return replies | {request.frame: refusal for request in [*left, *apart]}
            self._revive()
            left = self._flow(left, replies)
        return replies | {r.frame: self._alone(r.frame, r.seconds) for r in apart}

    def _in_order(self, requests: Sequence[Request]) -> list[Request]:
        """Exercises that may use what others forbid come last: these find nothing left behind."""
        heads = [protocol.head_of(r.frame) for r in requests if _asks_apart(r.frame)]
        restricted = {head["exercise"] for head in heads}
        forbidden = {name for head in heads for name in head["forbidden"]}
        last = {
            r.exercise for r in requests
            if r.exercise not in restricted and not forbidden.isdisjoint(self._named(r.exercise))
        } - self.inventory.doubtful  # fmt: skip
        ordered = sorted(requests, key=lambda request: request.exercise in last)
        self._order = list(dict.fromkeys(r.exercise for r in ordered))
        return ordered

    def _used_up(self) -> UsedUp | None:
        dead = self._ended.total() >= MAX_DEATHS
        return UsedUp("processes", MAX_DEATHS) if dead else self._account.used_up

    def _flow(self, requests: Sequence[Request], replies: dict[bytes, Reply]) -> list[Request]:
        """Ask until the process ends; note replies, and return what is still to be asked."""
        for request in requests:
            self._process.put(request.frame)
        check = ""
        deadline = 0.0
        for place, request in enumerate(requests):
            if request.check != check:
                seconds = min(request.seconds, self._patience)
                check = request.check
                deadline = min(time.monotonic() + seconds, self._account.ends)
            self._account.exercise = request.exercise
            reply = replies[request.frame] = self._charged(self._process.next(deadline))
            if not self._process.alive:
                self._died(reply.status)
                leaves = self._leaves(request.exercise, reply.status)
                return _still_to_ask(requests[place + 1 :], request, reply, replies, leaves)
        return []

    def _leaves(self, exercise: str, status: Status) -> bool:
        """Whether the rest of an exercise is not asked here: it hangs, or is asked again alone."""
        in_company = self._patience < math.inf
        often = in_company and self._ended[exercise] >= DEATHS_IN_COMPANY
        return status is Status.TIMED_OUT or often

    def _charged(self, reply: Reply) -> Reply:
        """The reply, put down to the budget; the process ends with what it may use.

        An answer counts that came before the end, unless it was the one too many to keep.
        """
        size = len(reply.raw or b"")
        self._account.charge(reply.seconds, reply.cpu, size, reply.waited)
        used_up = self._account.used_up
        if used_up is None:
            return reply
        self._process.close()
        if reply.raw is not None and used_up.what != "answer_bytes":
            return reply
        return Reply(status=Status.NOT_RUN, seconds=reply.seconds, used_up=used_up)

    def ask(self, frame: bytes, deadline: float) -> Answer:
        """Carry one request to the student's code; raise Stopped when no answer comes."""
        if known := self._known(frame):
            return decoded(known)
        if used_up := self._used_up():
            raise BudgetSpent(used_up)
        if _asks_apart(frame):
            return decoded(self._alone(frame, deadline - time.monotonic()))
        self._revive()
        reply = self._process.ask(frame, min(deadline, self._account.ends))
        return self._answer(self._charged(reply))

    def ask_in_place(
        self, known: tuple[str, str, bytes], beside: str, seconds: float, *, restore: bool = False
    ) -> Answer:
        """Carry a request to the course's own code, run where the student's function was.

        Args:
            known: an exercise, the text that defines its function, and the request.
            beside: an exercise whose code, the student's own, is loaded meanwhile.
            restore: whether torch and Python get back first what that code replaced.
        """
        exercise, text, frame = known
        there = _in_place(exercise, text, beside, restore)
        back = _in_place(exercise, "", beside, restore)
        return self._asked_in_a_row([there, frame, back], time.monotonic() + seconds)[1]

    def _asked_in_a_row(self, frames: Sequence[bytes], deadline: float) -> list[Answer]:
        """Carry several requests, none of which waits for the answer to the one before."""
        if used_up := self._used_up():
            raise BudgetSpent(used_up)
        self._revive()
        for frame in frames:
            self._process.put(frame)
        ends = min(deadline, self._account.ends)
        return [self._answer(self._charged(self._process.next(ends))) for _ in frames]

    def _known(self, frame: bytes) -> Reply | None:
        """The answer to what parsing alone tells: it was found before any student code ran."""
        what, exercise = _about(frame)
        if what == "names":
            found = self.inventory.names.get(exercise, [])
            return Reply(protocol.pack({}, {"result": found, "changed": []}))
        forbidden = protocol.head_of(frame)["forbidden"] if what == _APART else ()
        if forbidden and not self.could_hide(exercise, forbidden):
            return _NOTHING_TO_ASK
        return None

    def could_hide(self, exercise: str, forbidden: Collection[str]) -> bool:
        """Whether code could use what is forbidden and leave no note of it.

        It can where it says unfamiliar names, or names the thing and lets others call it, as in
        ``map(math.tanh, numbers)``: nobody notes what C calls. What ran before in this process
        may have left the thing under another name.
        """
        place = self._order.index(exercise) + 1 if exercise in self._order else None
        return any(self._could_lead(one, forbidden) for one in {exercise, *self._order[:place]})

    def _could_lead(self, exercise: str, forbidden: Collection[str]) -> bool:
        return exercise in self.inventory.doubtful or not self._named(exercise).isdisjoint(
            forbidden
        )

    def _named(self, exercise: str) -> set[str]:
        return set(map(plain, self.inventory.mentions.get(exercise, [])))

    def _alone(self, frame: bytes, seconds: float) -> Reply:
        """Ask a process of its own; what is forbidden there stands in the request."""
        forbidden = protocol.head_of(frame)["forbidden"]
        return self.asked_without(forbidden, _about(frame)[1], [frame], seconds)[0]

    def asked_without(
        self, forbidden: Sequence[str], exercise: str, frames: Sequence[bytes], seconds: float
    ) -> list[Reply]:
        """Ask a process of its own, in which no code of the submission has run, with less to use.

        Args:
            forbidden: operations that cannot be run there, as ``inside.withheld`` names them.
            exercise: for which this is done.
            frames: what is asked, one after the other, until one finds no answer.
            seconds: wall clock for all of them together.
        """
        if used_up := self._used_up():
            return [Reply(status=Status.NOT_RUN, used_up=used_up)] * len(frames)
        self._account.exercise = exercise
        if not (started := self._prepared(self._cells, self._within(OPEN_SECONDS))):
            return [Reply(status=Status.CRASHED)] * len(frames)
        usual, self._process = self._process, started[0]
        try:
            return self._without(forbidden, frames, seconds)
        except Stopped as end:
            return [Reply(status=end.status)] * len(frames)
        finally:
            self._process.close()
            self._process = usual

    def _without(
        self, forbidden: Sequence[str], frames: Sequence[bytes], seconds: float
    ) -> list[Reply]:
        """Ask the process in hand, which is new, after what is forbidden was taken from it."""
        process = self._process
        if forbidden:
            self._withhold(forbidden)
        self._catch_up()
        replies = list[Reply]()
        deadline = min(time.monotonic() + seconds, self._account.ends)
        for frame in frames:
            # what would be started instead has everything
            if self._process is not process or not process.alive:
                break
            replies.append(self._charged(process.ask(frame, deadline)))
        return replies + [Reply(status=Status.CRASHED)] * (len(frames) - len(replies))

    def _withhold(self, forbidden: Sequence[str]) -> None:
        """Take what is forbidden from this process, also in libraries that the code names."""
        texts = [source for _, source, _ in self._cells if source]
        libraries = [name for name in NUMERICAL if any(name in text for text in texts)]
        head = {"do": "withhold", "forbidden": list(forbidden), "libraries": libraries}
        self.ask(protocol.pack(head, {}), time.monotonic() + OPEN_SECONDS)

    def _answer(self, reply: Reply) -> Answer:
        try:
            return decoded(reply)
        except Stopped as end:
            self.close()
            self._died(end.status)
            raise

    def _died(self, status: Status) -> None:
        self.deaths += 1
        if status is Status.CRASHED:
            self._ended[self._account.exercise] += 1
            self._account.died()

    def _revive(self) -> None:
        if not self._process.alive:
            self._process, _ = self._start()
            self._catch_up()

    def _catch_up(self) -> None:
        """Bring a new process to where the last one was."""

    def _start(self) -> tuple[SandboxProcess, Inventory]:
        """Open a process that has parsed the cells, without those that no process survives."""
        self._account.exercise = ""
        if started := self._prepared(self._cells, self._within(OPEN_SECONDS)):
            return started
        deadline = time.monotonic() + self._within(PARSE_ALL_SECONDS)
        self._cells = self._parsable(self._cells, deadline)
        if started := self._prepared(self._cells, self._within(OPEN_SECONDS)):
            return started
        self._cells = _emptied(self._cells)  # each can be read, and all together cannot
        if started := self._prepared(self._cells, OPEN_SECONDS):
            return started
        raise InfrastructureError("The sandbox could not take in the submission's cells.")

    def _within(self, seconds: float) -> float:
        """So many seconds, or what is left of the submission's."""
        return min(seconds, self._account.ends - time.monotonic())

    def _prepared(
        self, cells: Sequence[_Cell], seconds: float
    ) -> tuple[SandboxProcess, Inventory] | None:
        """A process that has parsed these cells; None where it did not survive that in time."""
        if seconds <= 0:
            return None
        values = {
            "setup": self._setup,
            "cells": cells,
            "above": self._above,
            "elsewhere": self._elsewhere,
        }
        largest = self._account.budget.answer_bytes // ANSWERS
        head = {"do": "prepare", "largest": largest, "as_notebook": self.AS_NOTEBOOK}
        frame = protocol.pack(head, values)
        process = self._zygote.open()
        process.cpu_seconds = self._account.cpu_left
        reply = process.ask(frame, time.monotonic() + seconds)
        self._account.charge(reply.seconds, reply.cpu, waited=reply.waited)
        inventory = _inventory(reply)
        if inventory is None:
            process.close()
            return None
        process.allow(largest)  # as the process itself was told, which a student's code can change
        return process, inventory

    def _parsable(self, cells: list[_Cell], deadline: float) -> list[_Cell]:
        """The cells, with those that cannot be parsed emptied; found by halving."""
        left = min(PARSE_SECONDS, deadline - time.monotonic())
        if left > 0 and (started := self._prepared(cells, left)):
            started[0].close()
            return cells
        if len(cells) == 1 or left <= 0:
            return _emptied(cells)
        half = len(cells) // 2
        return self._parsable(cells[:half], deadline) + self._parsable(cells[half:], deadline)

    def is_disturbed(self) -> bool:
        """Whether one exercise may have spoilt the process for another: a death or a patch."""
        if self.deaths or not self._process.alive:
            return True
        frame = protocol.pack({"do": "globals"}, {})
        try:
            return self.ask(frame, time.monotonic() + OPEN_SECONDS).result is not False
        except Stopped:
            return True

    def replaced(self) -> tuple[str, ...]:
        """Functions of torch and Python that code has replaced, as the student's process says."""
        frame = protocol.pack({"do": "replaced"}, {})
        try:
            found = self.ask(frame, time.monotonic() + OPEN_SECONDS).result
        except Stopped:
            return ()
        texts = found if isinstance(found, list) else []
        names = (one[:80] for one in texts[:100] if isinstance(one, str))
        return tuple(name for name in names if name.replace(".", "").isidentifier())

    def close(self) -> None:
        """Kill the student's process."""
        self._process.close()


class InSandbox:
    """A transport to trusted code behind the wall: the reference, where it computes on a GPU.

    Its answers stay in its own process and in this one. The zygote never has them.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self.answers: dict[bytes, Answer] = {}  # the same request has the same answer

    def ask(self, frame: bytes, deadline: float = 0.0) -> Answer:
        """Ask as a student is asked, but with as much time as it takes."""
        if frame not in self.answers:
            try:
                answer = self._session.ask(frame, time.monotonic() + REFERENCE_SECONDS)
            except Stopped as end:
                raise InfrastructureError(f"The reference itself was {end.status}.") from end
            self.answers[frame] = replace(answer, trusted=True)
        return self.answers[frame]

    def ask_in_place(self, known: tuple[str, str, bytes]) -> Answer:
        """Carry a request to other code of the course, run where the reference's function was."""
        return self._session.ask_in_place(known, known[0], REFERENCE_SECONDS)

    def close(self) -> None:
        """End the reference's process."""
        self._session.close()


@functools.lru_cache(maxsize=4096)
def _in_place(exercise: str, text: str, beside: str, restore: bool) -> bytes:
    """Lets a text of the course answer for an exercise, or, if it is empty, the student again."""
    head = {"do": "put_in_place", "exercise": exercise, "beside": beside, "restore": restore}
    return protocol.pack({**head, "text": text}, {})


@functools.lru_cache(maxsize=4096)
def _about(frame: bytes) -> tuple[str, str]:
    """What a request asks, and of which exercise, if of one."""
    request = protocol.head_of(frame)
    return str(request["do"]), str(request.get("exercise", ""))


def _asks_apart(frame: bytes) -> bool:
    return _about(frame)[0] == _APART


def decoded(reply: Reply) -> Answer:
    """The answer in a reply; raises Stopped where there is none, or none that keeps the rules."""
    if reply.used_up is not None:
        raise BudgetSpent(reply.used_up)
    if reply.raw is None:
        raise Stopped(reply.status)
    try:
        return to_answer(protocol.unpack_frame(reply.raw))
    except MemoryError:
        raise Stopped(Status.OUT_OF_MEMORY) from None
    except Exception:  # the bytes are the student's, and so is whatever reading them trips over
        raise Stopped(Status.CRASHED) from None


def _still_to_ask(
    rest: Sequence[Request],
    ended: Request,
    reply: Reply,
    replies: dict[bytes, Reply],
    leaves: bool,  # the exercise that ended the process
) -> list[Request]:
    left = []
    for request in rest:
        if request.check == ended.check:
            replies[request.frame] = replace(reply, seconds=0.0)  # which passed once
        elif leaves and request.exercise == ended.exercise:
            replies[request.frame] = Reply(status=Status.NOT_RUN)
        else:
            left.append(request)
    return left


def _emptied(cells: Sequence[_Cell]) -> list[_Cell]:
    """The cells without their code, which cannot be read as Python."""
    return [(exercises, None, given) for exercises, _, given in cells]


def _inventory(reply: Reply) -> Inventory | None:
    """What a process found in the cells; None where it ended over them, or could not tell."""
    if reply.raw is None:
        return None
    try:
        values = protocol.unpack_frame(reply.raw)["values"]
        return Inventory(
            problems=tuple(values["problems"]),
            notes=tuple(map(tuple, values["notes"])),
            binds=tuple(map(tuple, values["binds"])),
            flags=tuple(map(tuple, values["flags"])),
            plain=values["plain"] is True,
            names=dict(values["names"]),
            mentions=dict(values["mentions"]),
            absent=dict(values["absent"]),
            on_gpu=frozenset(values["on_gpu"]),
            below=frozenset(values["below"]),
            doubtful=frozenset(values["doubtful"]),
        )
    except (protocol.ProtocolError, KeyError, MemoryError):  # an error came instead, or too much
        return None

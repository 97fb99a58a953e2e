"""The handles that graders call: ``student`` reaches into the sandbox, ``reference`` does not.

Both have one interface and send the same frames, so that what comes back is comparable: call an
exercise by its name, run a probe, or ask for the library names that its code mentions.
"""

from __future__ import annotations

import functools
import inspect
import textwrap
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from autograder.compare import Answer
from autograder.draw import derived_seed
from autograder.model import Status
from autograder.sandbox.inside import process, protocol


class Stopped(Exception):
    """No answer came: the process was late, died, or broke the rules of the wire."""

    def __init__(self, status: Status) -> None:
        super().__init__(status)
        self.status = status


class Transport(Protocol):
    """Carries a request frame to some code and brings its answer back."""

    def ask(self, frame: bytes, deadline: float) -> Answer:
        """Return the answer, or raise Stopped."""


@dataclass(frozen=True)
class Record:
    """One request and its answer, kept to be replayed on known mistakes."""

    frame: bytes
    answer: Answer


@dataclass
class Handle:
    """What graders know as ``student`` and ``reference``."""

    _transport: Transport
    _records: list[Record] = field(default_factory=list)
    _seed: int = 0
    _calls: int = 0
    _deadline: float = float("inf")

    def begin(self, seed: int, seconds: float) -> None:
        """Start a check: its calls share a seed and a deadline."""
        self._records = []
        self._seed, self._calls = seed, 0
        self._deadline = time.monotonic() + seconds

    @property
    def records(self) -> list[Record]:
        """The requests and answers since the check began."""
        return self._records

    def __getattr__(self, exercise: str) -> Callable[..., Answer]:
        """Call an exercise: ``student.linear(x, weight, bias)``."""
        if exercise.startswith("_"):
            raise AttributeError(exercise)
        return lambda *args: self._ask({"do": "call", "exercise": exercise}, {"args": list(args)})

    def run(self, probe: Callable[..., Any], *args: Any) -> Answer:
        """Run a probe beside the solution's functions."""
        head = {"do": "probe", "name": probe.__name__, "text": _source(probe)}
        return self._ask(head, {"args": list(args)})

    def names(self, exercise: str) -> Answer:
        """The library names that an exercise's code mentions, sorted."""
        return self._ask({"do": "names", "exercise": exercise}, {})

    def visible(self, exercise: str, text: str) -> Answer:
        """What the visible check cell of an exercise records."""
        return self._ask({"do": "visible", "exercise": exercise, "text": text}, {})

    def _ask(self, head: dict[str, Any], values: dict[str, Any]) -> Answer:
        self._calls += 1
        seed = derived_seed(self._seed, str(self._calls))
        frame = protocol.pack({**head, "seed": seed}, values)
        answer = self._transport.ask(frame, self._deadline)
        self._records.append(Record(frame, answer))
        return answer


@functools.cache
def _source(probe: Callable[..., Any]) -> str:
    return textwrap.dedent(inspect.getsource(probe))


class Local(process.Process):
    """A transport to trusted functions in this process: the reference, or a known mistake."""

    def __init__(self, functions: Mapping[str, Callable[..., Any]], setup: list[str]) -> None:
        super().__init__()
        self.setup = setup
        self.functions = functions
        self.answers: dict[bytes, Answer] = {}  # the same request has the same answer

    def function(self, exercise: str) -> Callable[..., Any]:
        """Return the trusted function of that name."""
        return self.functions[exercise]

    def ask(self, frame: bytes, deadline: float = 0.0) -> Answer:
        """Answer at once, from memory where the same frame was seen before."""
        if frame not in self.answers:
            request = protocol.unpack_frame(frame)
            self.answers[frame] = to_answer(protocol.unpack_frame(self.answer(request)))
        return self.answers[frame]


def to_answer(frame: dict[str, Any]) -> Answer:
    """Turn a frame, which may be hostile, into an Answer, or raise ProtocolError."""
    error, values = frame.get("error"), frame["values"]
    if error is not None:
        if not (isinstance(error, list) and all(isinstance(name, str) for name in error)):
            raise protocol.ProtocolError("a malformed error")
        names = tuple(name[:60] for name in error[:8]) or ("Exception",)
        return Answer(error=names, out_of_memory=frame.get("out_of_memory") is True)
    changed = values.get("changed", [])
    if not (isinstance(changed, list) and all(type(i) is int for i in changed)):
        raise protocol.ProtocolError("a malformed list of changed arguments")
    return Answer(values.get("result"), changed=tuple(changed[:32]))

"""What comes back from the sandbox for one call: an Answer, or Stopped where none came."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from autograder.model import Status
from autograder.sandbox.inside import protocol
from autograder.sandbox.inside.values import foreign_in

_LONGEST = 300  # letters of an exception's text that are looked at


class Stopped(Exception):
    """No answer came: the process was late, died, or broke the rules of the wire."""

    def __init__(self, status: Status) -> None:
        super().__init__(status)
        self.status = status


class StudentRaised(Exception):
    """Somebody asked for the value of an answer that is an exception."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(", ".join(answer.error or ()))
        self.answer = answer


@dataclass(frozen=True)
class Answer:
    """What came back from one call: a value or an exception's type names, and facts.

    Graders read ``value``, ``error`` (None where the call returned) and ``changed``.
    """

    result: Any = None
    error: tuple[str, ...] | None = None  # most derived first
    out_of_memory: bool = False
    reason: str = field(default="", compare=False)  # the exception's text, without its numbers
    own: bool = field(default=False, compare=False)  # whether the code itself raised it
    reached: bool = field(default=True, compare=False)  # whether it came while the code ran
    changed: tuple[int, ...] = ()  # positions of the arguments that were changed in place
    autograd_on: bool = True  # whether it is, after the call, as it was before
    trusted: bool = field(default=False, compare=False)  # whether the course's own code answered
    called: bool = field(default=False, compare=False)  # whether it is what an exercise returned

    @property
    def value(self) -> Any:
        """The returned value; raises StudentRaised when there is none."""
        if self.error is not None:
            raise StudentRaised(self)
        return self.result

    @cached_property
    def foreign(self) -> str:
        """Where in the result something stands that could not cross, and what; empty if nowhere."""
        return foreign_in(self.result)


_QUOTED = re.compile(r"""'[^']*'|"[^"]*"|`[^`]*`""")
_CALLED = re.compile(r"(?<![\w.<>])[\w.<>]+\(\)")


def _reason(text: object) -> str:
    """An exception's text without what differs from run to run: numbers, names, functions.

    It only tells whether two exceptions have one reason; nobody reads it.
    """
    if not isinstance(text, str):
        return ""
    plain = _CALLED.sub("()", _QUOTED.sub("''", text[:_LONGEST].partition("\n")[0]))
    return re.sub(r"-?\d+(\.\d+)?", "#", plain)


def to_answer(frame: dict[str, Any], *, trusted: bool = False) -> Answer:
    """Turn a frame, which may be hostile, into an Answer, or raise ProtocolError."""
    error = frame.get("error")
    values = frame["values"]
    if error is not None:
        if not (isinstance(error, list) and all(isinstance(name, str) for name in error)):
            raise protocol.ProtocolError("a malformed error")
        names = tuple(name[:60] for name in error[:8]) or ("Exception",)
        out_of_memory = frame.get("out_of_memory") is True
        reason = _reason(frame.get("text"))
        own, reached = (frame.get(key) is True for key in ("own", "reached"))
        recorded = values.get("result")  # of a check in the notebook, what it has done by then
        return Answer(recorded, names, out_of_memory, reason, own, reached, trusted=trusted)
    changed = values.get("changed", [])
    if not (isinstance(changed, list) and all(type(i) is int for i in changed)):
        raise protocol.ProtocolError("a malformed list of changed arguments")
    on = values.get("autograd_on") is not False
    result = values.get("result")
    return Answer(result, changed=tuple(changed[:32]), autograd_on=on, trusted=trusted)

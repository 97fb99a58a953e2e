"""What graders call: ``student`` (in the sandbox), ``reference`` (here), ``same`` (both).

Both handles have one interface and send the same frames, so that what comes back is comparable.
"""

from __future__ import annotations

import contextlib
import io
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from autograder.grading.compare import assert_same
from autograder.grading.draw import derived_seed
from autograder.sandbox.answers import Answer, to_answer
from autograder.sandbox.code_slice import code_slice
from autograder.sandbox.inside import process, protocol


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Let nothing that a grader or a known mistake prints or warns of get between the results."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


class Transport(Protocol):
    """Carries a request frame to some code and brings its answer back."""

    def ask(self, frame: bytes, deadline: float) -> Answer:
        """Return the answer, or raise Stopped."""


@dataclass(frozen=True)
class Record:
    """One request and its answer, kept to be replayed on known mistakes."""

    frame: bytes
    answer: Answer


class Conversation:
    """The requests of one check to one solution, in order, and what was answered.

    Each request has a seed of its own, drawn from the check's, and all share one deadline
    (``seconds`` from now).
    """

    def __init__(self, transport: Transport, seed: int, seconds: float) -> None:
        self.records: list[Record] = []
        self._transport = transport
        self._seed = seed
        self._count = 0
        self._deadline = time.monotonic() + seconds

    def ask(self, head: Mapping[str, Any], args: tuple[Any, ...] = ()) -> Answer:
        """Send one request and return its answer, or raise Stopped."""
        self._count += 1
        seed = derived_seed(self._seed, str(self._count))
        frame = protocol.pack({**head, "seed": seed}, {"args": list(args)})
        answer = self._transport.ask(frame, self._deadline)
        self.records.append(Record(frame, answer))
        return answer


class Handle:
    """What graders know as ``student`` and ``reference``.

    Besides ``run`` and ``names``, every attribute is an exercise: ``student.half(x)``.
    Arguments and results are tensors, numbers, strings, lists, tuples, dicts and ``None``.
    """

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation

    def __getattr__(self, exercise: str) -> Callable[..., Answer]:
        """Call an exercise by its name; returns an Answer."""
        if exercise.startswith("_"):
            raise AttributeError(exercise)
        head = {"do": "call", "exercise": exercise}
        return lambda *args: self._conversation.ask(head, args)

    def run(self, probe: Callable[..., Any], *args: Any) -> Answer:
        """Run ``probe(solution, *args)`` beside the solution's functions; returns an Answer.

        The probe is a function of the graders file. It may use torch, nn, F, math, Tensor, the
        standard library, and helpers, imports and constants of its own file, and calls exercises
        as ``solution.half(...)``. What it returns must be data, never a verdict.
        """
        head = {"do": "probe", "name": probe.__name__, "text": code_slice(probe)}
        return self._conversation.ask(head, args)

    def names(self, exercise: str) -> Answer:
        """Return the library names that an exercise's code mentions, sorted, as an Answer.

        ``student.names("half").value`` may be ``["float", "torch"]``: attributes that the code
        reads, and what it imports by name.
        """
        return self._conversation.ask({"do": "names", "exercise": exercise})


class Same:
    """Asks the student and the reference the same thing, and asserts that both answer alike.

    ``same.half(x)`` is ``assert_same(student.half(x), reference.half(x))``;
    ``same(rtol=0.0, atol=0.0)`` and ``same(raises=ValueError)`` compare with these options. Each
    call returns the student's Answer, for further questions.
    """

    def __init__(self, student: Handle, reference: Handle, **options: Any) -> None:
        self._student = student
        self._reference = reference
        self._options = options

    def __call__(
        self,
        *,
        rtol: float | None = None,
        atol: float | None = None,
        raises: type[Exception] | None = None,
    ) -> Same:
        """The same comparison with the options of ``assert_same``."""
        return Same(self._student, self._reference, rtol=rtol, atol=atol, raises=raises)

    def __getattr__(self, exercise: str) -> Callable[..., Answer]:
        """Call an exercise of both and compare; returns the student's Answer."""
        theirs = getattr(self._student, exercise)
        ours = getattr(self._reference, exercise)

        def ask(*args: Any) -> Answer:
            __tracebackhide__ = True  # pytest shows the check, and not how it asks
            return self._compared(theirs(*args), ours(*args))

        return ask

    def run(self, probe: Callable[..., Any], *args: Any) -> Answer:
        """Run a probe beside both and compare; returns the student's Answer."""
        __tracebackhide__ = True
        return self._compared(self._student.run(probe, *args), self._reference.run(probe, *args))

    def _compared(self, got: Answer, expected: Answer) -> Answer:
        __tracebackhide__ = True
        assert_same(got, expected, **self._options)
        return got


class InProcess(process.Process):
    """A transport to trusted functions in this process: the reference, or a known mistake.

    It is the student's process without the wall, so that both answer in the same way.
    """

    def __init__(self, functions: Mapping[str, Callable[..., Any]], setup: list[str]) -> None:
        super().__init__()
        self.setup = setup
        self.functions = functions
        self.answers: dict[bytes, Answer] = {}  # the same request has the same answer

    def function(self, exercise: str) -> Callable[..., Any]:
        """Return the trusted function of that name."""
        return self.functions[exercise]

    def ask(self, frame: bytes, deadline: float = 0.0) -> Answer:
        """Answer, from memory where the same frame was seen before."""
        if frame not in self.answers:
            request = protocol.unpack_frame(frame)
            with quiet():
                reply = protocol.unpack_frame(self.answer(request))
            self.answers[frame] = to_answer(reply, trusted=True)
        return self.answers[frame]

    def described(self, error: BaseException) -> dict[str, Any]:
        """An exception as data; who presses Ctrl+C means this process and no function."""
        if isinstance(error, KeyboardInterrupt):
            raise error
        return super().described(error)

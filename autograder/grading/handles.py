"""What graders call: ``student`` (in the sandbox), ``reference`` (here), ``same`` (both).

Both handles have one interface and send the same frames, so that what comes back is comparable.
"""

from __future__ import annotations

import contextlib
import io
import time
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from autograder.errors import AuthorError
from autograder.grading.compare import assert_same
from autograder.grading.draw import derived_seed
from autograder.sandbox.answers import Answer, to_answer
from autograder.sandbox.code_slice import code_slice
from autograder.sandbox.inside import process, protocol
from autograder.sandbox.inside.values import foreign_in


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Let nothing that a grader or a known mistake prints or warns of get between the results."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


Probe = Callable[..., Any]


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

    def ask(
        self,
        head: Mapping[str, Any],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Send one request and return its answer, or raise Stopped.

        Raises:
            AuthorError: an argument, or something in the reference's answer, cannot cross.
        """
        self._count += 1
        seed = derived_seed(self._seed, str(self._count))
        named = {"kwargs": dict(kwargs)} if kwargs else {}
        frame = _packed({**head, "seed": seed}, {"args": list(args), **named})
        answer = self._transport.ask(frame, self._deadline)
        if answer.trusted and answer.foreign:
            raise _not_comparable(head, answer.foreign)
        self.records.append(Record(frame, answer))
        return answer


def _packed(head: Mapping[str, Any], values: dict[str, Any]) -> bytes:
    """The request's frame; refuses what an author cannot send."""
    where = _about(head)
    try:
        frame = protocol.pack(dict(head), values)
    except protocol.ProtocolError as error:
        raise AuthorError(where, f"an argument cannot be sent: {error}", _REMEDY) from error
    if _FOREIGN in frame and (found := foreign_in(protocol.unpack_frame(frame)["values"])):
        raise AuthorError(where, f"an argument cannot be sent: {found}", _REMEDY)
    return frame


def _not_comparable(head: Mapping[str, Any], found: str) -> AuthorError:
    what = f"the reference's answer to {_about(head)} cannot be compared: {found}"
    return AuthorError(_about(head), what, _REMEDY)


def _about(head: Mapping[str, Any]) -> str:
    """What is asked, for an author: a call of an exercise, a probe or a visible check."""
    if head["do"] == "probe":
        return f"the probe {head['name']}()"
    exercise = head.get("exercise", "")
    return f"the visible check of {exercise}" if head["do"] == "visible" else f"{exercise}()"


_FOREIGN = b'"foreign"'  # where these letters are missing, all of a frame can cross
_REMEDY = (
    "Tensors, NumPy arrays and numbers, None, texts, lists, tuples, sets, dicts, and dataclasses "
    "and named tuples of these can; look at anything else with a probe that returns such data."
)


class Handle:
    """What graders know as ``student`` and ``reference``.

    Besides ``run``, ``names`` and ``without``, every attribute is an exercise: ``student.half(x)``.
    Arguments, also those by keyword, and results are tensors, NumPy arrays, numbers, strings,
    lists, tuples, sets, dicts, ``None``, and dataclasses and named tuples of these.
    """

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation

    def __getattr__(self, exercise: str) -> Callable[..., Answer]:
        """Call an exercise by its name; returns an Answer."""
        if exercise.startswith("_"):
            raise AttributeError(exercise)
        head = {"do": "call", "exercise": exercise}

        def call(*args: Any, **kwargs: Any) -> Answer:
            return replace(self._conversation.ask(head, args, kwargs), called=True)

        return call

    def run(self, probe: Probe, *args: Any, through: Mapping[str, Probe] | None = None) -> Answer:
        """Run ``probe(solution, *args)`` beside the solution's functions; returns an Answer.

        The probe is a function of the graders file. It may use torch, nn, F, math, Tensor, the
        standard library, and helpers, imports and constants of its own file, and calls exercises
        as ``solution.half(...)``. What it returns must be data, never a verdict.

        ``through={"half": other}`` lets ``solution.half(...)`` mean ``other(solution, ...)`` there.
        """
        head = {"do": "probe", "name": probe.__name__, "text": code_slice(probe)}
        return self._conversation.ask({**head, **_passing(through)}, args)

    def names(self, exercise: str) -> Answer:
        """Return the library names that an exercise's code mentions, sorted, as an Answer.

        ``student.names("half").value`` may be ``["float", "torch"]``: attributes that the code
        reads, and what it imports by name.
        """
        return self._conversation.ask({"do": "names", "exercise": exercise})

    def without(
        self,
        exercise: str,
        forbidden: Collection[str],
        args: Sequence[Any],
        through: Mapping[str, Probe] | None = None,
    ) -> Answer:
        """Call an exercise in a process of its own, in which some operations cannot be run.

        Only code that could reach what is noted about it, or that names what is forbidden, is
        asked: of other code, and of the reference, the value is an empty dict. Where nothing is
        forbidden, all code is asked: it answers without what it did, and kept, in other calls.

        Args:
            exercise: its id.
            forbidden: names of operations, and of functions of ``torch.nn.utils``, in small
                letters, without underscores.
            args: the exercise's arguments.
            through: exercises, each with a probe that calls it, as in ``run``.

        Returns:
            An Answer whose value is ``{"value": ...}``.
        """
        head = {"do": "without", "exercise": exercise, "forbidden": sorted(forbidden)}
        return self._conversation.ask({**head, **_passing(through)}, tuple(args))


def _passing(through: Mapping[str, Probe] | None) -> dict[str, Any]:
    """What a request says of exercises that are called through a probe."""
    probes = (through or {}).items()
    said = {name: [probe.__name__, code_slice(probe)] for name, probe in probes}
    return {"through": said} if said else {}


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
        counted: str = "entries",
    ) -> Same:
        """The same comparison with the options of ``assert_same``."""
        options = {"rtol": rtol, "atol": atol, "raises": raises, "counted": counted}
        return Same(self._student, self._reference, **options)

    def __getattr__(self, exercise: str) -> Callable[..., Answer]:
        """Call an exercise of both and compare; returns the student's Answer."""
        theirs = getattr(self._student, exercise)
        ours = getattr(self._reference, exercise)

        def ask(*args: Any, **kwargs: Any) -> Answer:
            __tracebackhide__ = True  # pytest shows the check, and not how it asks
            return self._compared(theirs(*args, **kwargs), ours(*args, **kwargs))

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

    def __init__(
        self,
        functions: Mapping[str, Callable[..., Any]],
        setup: list[str],
        *,
        trusted: bool = True,
    ) -> None:
        super().__init__()
        codes = (getattr(function, "__code__", None) for function in functions.values())
        self.own_files = tuple({code.co_filename for code in codes if code})
        self._trusted = trusted  # whether its answers are right by definition; a mistake's are not
        self.setup = setup
        self.functions = functions
        self.answers: dict[bytes, Answer] = {}  # the same request has the same answer

    def value(self, exercise: str) -> Any:
        """Return the trusted function, or value, of that name."""
        return self.functions[exercise]

    def given_name(self, name: str) -> Any:
        """What the reference's own module defines: its functions know those classes."""
        return self.functions.get(name)

    def ask(self, frame: bytes, deadline: float = 0.0) -> Answer:
        """Answer, from memory where the same frame was seen before."""
        if frame not in self.answers:
            request = protocol.unpack_frame(frame)
            with quiet():
                reply = protocol.unpack_frame(self.answer(request))
                self._reset_global_state(0)  # a known mistake may leave it otherwise
            self.answers[frame] = to_answer(reply, trusted=self._trusted)
        return self.answers[frame]

    def do_without(self, request: dict[str, Any], values: dict[str, Any]) -> tuple[Any, Any]:
        """Nothing is taken away from the trusted process, and nothing of its code is in doubt."""
        if not request["forbidden"]:
            return super().do_without(request, values)
        return {}, {"result": {}, "changed": []}

    def is_of_answer(self, error: BaseException) -> bool:
        """Whether an error is the answer's own; with the reference a check has to go on."""
        return self._trusted or super().is_of_answer(error)

    def described(self, error: BaseException) -> dict[str, Any]:
        """An exception as data; who presses Ctrl+C means this process and no function."""
        if isinstance(error, KeyboardInterrupt):
            raise error
        return super().described(error)

"""What graders compare with: a student's answer against the reference's, facts before values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from autograder.visible import Difference, difference


class StudentRaised(Exception):
    """A grader asked for the value of an answer that is an exception."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(", ".join(answer.error or ()))
        self.answer = answer


@dataclass(frozen=True)
class Answer:
    """What came back from one call: a value or an exception's type names, and facts."""

    result: Any = None
    error: tuple[str, ...] | None = None  # most derived first
    out_of_memory: bool = False
    changed: tuple[int, ...] = ()  # positions of the arguments that were changed in place

    @property
    def value(self) -> Any:
        """The returned value; raises StudentRaised when there is none."""
        if self.error is not None:
            raise StudentRaised(self)
        return self.result


class Mismatch(AssertionError):
    """An answer is not what it should be; ``kind`` names the first thing that differs."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


def mismatch(
    got: Answer, expected: Any, rtol: float | None = None, atol: float | None = None
) -> str | None:
    """Return the kind of the first thing that sets an answer apart, or None when all agrees."""
    if not isinstance(expected, Answer):
        expected = replace(got, result=expected, error=None, changed=())
    if expected.error is not None:
        return None if expected.error[0] in (got.error or ()) else "error"
    if got.changed != expected.changed:
        return "changed"
    if got.error is not None:
        return "raised"
    found: Difference | None = difference(got.value, expected.value, rtol, atol)
    return _kind(found) if found else None


def _kind(found: Difference) -> str:
    """The kind of a difference; what no tensor holds is not told in words about tensors."""
    if found.kind == "type" and found.got is None:
        return "nothing"
    plain = found.kind == "value" and not isinstance(found.expected, Tensor)
    return "fact" if plain else found.kind


def assert_same(
    got: Answer, expected: Any, rtol: float | None = None, atol: float | None = None
) -> None:
    """Fail unless ``got`` agrees with ``expected``, an Answer or a plain value.

    Compared in this order: the exception's type where the reference raises, inputs changed in
    place, type, shape, dtype, device, requires_grad, values. Default tolerances go by the
    expected dtype (``autograder.visible.TOLERANCES``).
    """
    kind = mismatch(got, expected, rtol, atol)
    if kind == "raised":
        raise StudentRaised(got)
    if kind is not None:
        raise Mismatch(kind)

"""What graders compare with: a student's answer against the reference's, facts before values."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from torch import Tensor

from autograder.errors import AuthorError
from autograder.notebook.visible import Difference, difference
from autograder.sandbox.answers import Answer, StudentRaised


class Mismatch(AssertionError):
    """An answer is not what it should be; ``kind`` names the first thing that differs.

    Students read a sentence about the kind. The text of the exception says more and is for
    authors only, who see it when pytest runs a graders file.
    """

    def __init__(self, kind: str, found: Difference | None = None) -> None:
        super().__init__(kind)
        self.kind = kind
        self._found = found

    def __str__(self) -> str:
        return str(self._found or self.kind)


class ReferenceRaised(AuthorError):
    """The reference itself raised, in a check that does not ask for an error."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(
            "a hidden check",
            f"the reference itself raised {names[0]}, so every answer with that error would pass",
            f"Fix the check or its probe; if it is meant, ask for it: same(raises={names[0]}).",
        )


def mismatch(
    got: Answer, expected: Any, rtol: float | None = None, atol: float | None = None
) -> Mismatch | StudentRaised | None:
    """Return the first thing that sets an answer apart, or None when all agrees."""
    if not isinstance(expected, Answer):
        expected = replace(got, result=expected, error=None, changed=())
    if expected.error is not None:
        return None if expected.error[0] in (got.error or ()) else Mismatch("error")
    if got.changed != expected.changed:
        return Mismatch("changed")
    if got.error is not None:
        return StudentRaised(got)
    found = difference(got.value, expected.value, rtol, atol)
    return Mismatch(_kind(found), found) if found else None


def _kind(found: Difference) -> str:
    """The kind of a difference; what no tensor holds is not told in words about tensors."""
    if found.kind == "type" and found.got is None:
        return "nothing"
    plain = found.kind == "value" and not isinstance(found.expected, Tensor)
    return "fact" if plain else found.kind


def assert_same(
    got: Answer,
    expected: Any,
    rtol: float | None = None,
    atol: float | None = None,
    raises: type[Exception] | None = None,
) -> None:
    """Fail unless ``got`` agrees with ``expected``.

    Compared in this order: inputs changed in place, type, shape, dtype, device, requires_grad,
    values. A value agrees if ``|got - expected| <= atol + rtol * |expected|``; NaN agrees with
    NaN. Default tolerances go by the expected dtype (``notebook.visible.TOLERANCES``).

    Args:
        got: what the student's code answered.
        expected: the reference's Answer to the same request, or a plain value.
        rtol, atol: tolerances, relative and absolute.
        raises: the error that the reference raises, where the check is about that error; then
            the student's code must raise it too (or one derived from it), and nothing else counts.

    Raises:
        Mismatch: the answers differ.
        StudentRaised: the student's code raised where the reference did not.
        ReferenceRaised: the reference raised, and ``raises`` does not ask for that error.

    Example:
        ``assert_same(student.half(x), reference.half(x), rtol=1e-10)``
    """
    __tracebackhide__ = True
    _refuse_unexpected(expected, raises)
    if problem := mismatch(got, expected, rtol, atol):
        raise problem


def _refuse_unexpected(expected: Any, raises: type[Exception] | None) -> None:
    if not isinstance(expected, Answer):
        return
    error = expected.error
    if error is not None and not expected.trusted:  # a check compared two answers of the student's
        raise StudentRaised(expected)
    if error is None and raises is not None:
        where = "a hidden check"
        remedy = "Remove raises=, or fix the reference."
        raise AuthorError(where, f"the reference did not raise {raises.__name__}", remedy)
    if error is not None and (raises is None or raises.__name__ not in error):
        raise ReferenceRaised(error)

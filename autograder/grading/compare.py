"""What graders compare with: a student's answer against the reference's, fact by fact.

A check compares what its sentence is about. Slight differences (``grading.facts``) of other facts
are noticed and charged once for the whole exercise; what must hold before anything can be said
about the check's own subject makes it *not judged*.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any

from autograder.errors import AuthorError
from autograder.grading.facts import Fact, Found, Tolerance, differences, no_finer
from autograder.sandbox.answers import Answer, StudentRaised


class Unmet(AssertionError):
    """A condition that does not hold; its text is the sentence that students read."""


def require(condition: bool, sentence: str) -> None:
    """Fail a check with a sentence of its own, where a condition does not hold.

    Args:
        condition: what must be true of an answer.
        sentence: what students read where it is not, written out in the grader: a text that is
            computed could carry what is hidden.

    Raises:
        Unmet: the condition does not hold.
    """
    if not condition:
        raise Unmet(sentence)


class Mismatch(AssertionError):
    """An answer is not what it should be; ``fact`` names the first thing that differs.

    Students read a sentence about the fact. The text of the exception says more and is for
    authors only, who see it when pytest runs a graders file.
    """

    def __init__(self, fact: Fact, found: Found | None = None, *, names: tuple[str, ...] = ()):
        super().__init__(fact)
        self.fact = fact
        self.names = names  # of what is forbidden, or counted: the author's own words
        self._found = found

    def __str__(self) -> str:
        return str(self._found or " ".join((self.fact, *self.names)))


class NotJudged(AssertionError):
    """A check cannot say anything about its subject, since something else is wrong before it."""

    def __init__(self, found: Found, *, names: tuple[str, ...] = ()) -> None:
        super().__init__(found.fact)
        self.fact = found.fact
        self.names = names
        self._found = found

    def __str__(self) -> str:
        return f"not judged, since something else differs: {self._found}"


class ReferenceRaised(AuthorError):
    """The reference itself raised, in a check that does not ask for an error."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(
            "a hidden check",
            f"the reference itself raised {names[0]}, so every answer with that error would pass",
            f"Fix the check or its probe; if it is meant, ask for it: same(raises={names[0]}).",
        )


@dataclass
class Look:
    """What the running check is about (None: values), and what it notices beside that."""

    about: Fact | None = None
    noticed: set[Fact] = field(default_factory=set)


_LOOK: ContextVar[Look] = ContextVar("look")


@contextlib.contextmanager
def looking(about: Fact | None) -> Iterator[Look]:
    """While a check runs: what it is about, and a place for what it notices."""
    look = Look(about)
    token = _LOOK.set(look)
    try:
        yield look
    finally:
        _LOOK.reset(token)


def mismatch(
    got: Answer, expected: Answer, *, slight: bool = True
) -> Mismatch | StudentRaised | None:
    """Return the first thing that sets two answers apart; None if all agrees.

    Args:
        got: one answer.
        expected: the other.
        slight: whether slight differences count, such as another dtype with the same numbers.
    """
    if expected.error is not None:
        return None if expected.error[0] in (got.error or ()) else Mismatch(Fact.ERROR)
    if got.error is not None:
        return StudentRaised(got)
    every = _found(got, expected, Tolerance())
    found = next((one for one in every if slight or not one.slight), None)
    return Mismatch(found.fact, found) if found else None


def assert_same(
    got: Answer,
    expected: Any,
    rtol: float | None = None,
    atol: float | None = None,
    raises: type[Exception] | None = None,
    counted: str = "entries",
) -> None:
    """Fail unless ``got`` agrees with ``expected`` in what the running check is about.

    A value agrees if it is within ``atol``, or within ``rtol`` times the expected one; NaN agrees
    with NaN. Default tolerances go by the expected dtype (``grading.difference.TOLERANCES``).

    Args:
        got: what the student's code answered.
        expected: the reference's Answer to the same request, or a plain value.
        rtol: the relative tolerance.
        atol: the absolute tolerance.
        raises: the error that the reference raises, where the check is about that error; then
            the student's code must raise it too (or one derived from it), and nothing else counts.
        counted: what the lists in the answer hold, for students who have too many or too few.

    Raises:
        Mismatch: the answers differ in what the check is about.
        NotJudged: they differ in what has to be right before that.
        StudentRaised: the student's code raised where the reference did not.
        ReferenceRaised: the reference raised, and ``raises`` does not ask for that error.

    Example:
        ``assert_same(student.half(x), reference.half(x), rtol=1e-10)``
    """
    __tracebackhide__ = True
    if not isinstance(expected, Answer):
        expected = replace(got, result=expected, error=None, changed=(), autograd_on=True)
    _refuse_unexpected(expected, raises)
    if expected.error is not None:
        if expected.error[0] not in (got.error or ()):
            raise Mismatch(Fact.ERROR)
        return
    if got.error is not None:
        raise StudentRaised(got)
    before = _precedes(expected)
    within = Tolerance(rtol, atol)
    if before and isinstance(got.result, dict):  # gradients are no finer than the value they are of
        within = no_finer(got.result.get("value"), expected.result["value"], within)
    first = "['value']" if before else ""
    found = [_as_meant(one) for one in _found(got, expected, within)]
    _weigh(found, first, (counted,), measured=not got.called)


def _found(got: Answer, expected: Answer, within: Tolerance) -> Iterator[Found]:
    if got.changed != expected.changed:
        yield Found(Fact.CHANGED, "", got.changed, expected.changed, slight=True)
    if got.autograd_on != expected.autograd_on:
        yield Found(Fact.AUTOGRAD, "", got.autograd_on, expected.autograd_on, slight=True)
    yield from differences(got.result, expected.result, within)


def _precedes(expected: Answer) -> bool:
    """Whether a probe brings back a value that has to be right before the rest can be judged."""
    result = expected.result
    return isinstance(result, dict) and "value" in result and len(result) > 1


def _weigh(found: list[Found], before: str, counted: tuple[str], *, measured: bool) -> None:
    """Raise what decides, and notice the rest; ``measured`` where a probe says what it found."""
    __tracebackhide__ = True
    look = _LOOK.get(None) or Look()
    for one in found:
        first = bool(before) and one.where.startswith(before)
        subject = _is_subject(one, look, measured=measured and not first)
        if one.slight and not subject:
            look.noticed.add(one.fact)
        elif not subject and (first or look.about):
            raise NotJudged(one, names=counted)
        else:
            raise Mismatch(look.about or one.fact, one, names=counted)


def _as_meant(one: Found) -> Found:
    """A difference by its name; of what a probe brings back as gradients, what that means."""
    if not one.where.startswith("['gradients']"):
        return one
    if one.fact is Fact.NOTHING:
        return replace(one, kind=Fact.NO_GRADIENT)
    return replace(one, kind=Fact.GRADIENT) if one.fact is Fact.VALUE else one


def _is_subject(one: Found, look: Look, *, measured: bool) -> bool:
    """Whether a difference is in what the check is about, as a fact or as what a probe measured.

    A text or a count that an exercise itself returns is its value, and no word about a fact.
    """
    return one.fact is look.about or (one.fact is Fact.STATEMENT and measured)


def _refuse_unexpected(expected: Answer, raises: type[Exception] | None) -> None:
    error = expected.error
    if error is not None and not expected.trusted:  # a check compared two answers of the student's
        raise StudentRaised(expected)
    if error is None and raises is not None:
        where = "a hidden check"
        remedy = "Remove raises=, or fix the reference."
        raise AuthorError(where, f"the reference did not raise {raises.__name__}", remedy)
    if error is not None and (raises is None or raises.__name__ not in error):
        raise ReferenceRaised(error)

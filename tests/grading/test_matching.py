"""Answers that cannot be compared are not alike, whatever comparing them runs into."""

from __future__ import annotations

import pytest

from autograder.grading.matching import same_answer
from autograder.sandbox.answers import Answer

ERRORS = [MemoryError, TypeError, ValueError, RuntimeError, AttributeError]


@pytest.mark.parametrize("error", ERRORS)
def test_what_cannot_be_compared_is_not_alike(error: type[Exception]) -> None:
    """Memory may run out over a comparison too; the next mistake is tried then."""

    class Costly(list[float]):
        def __len__(self) -> int:
            raise error

    assert not same_answer(Answer([1.0]), Answer(Costly([1.0])))
    assert same_answer(Answer([1.0]), Answer([1.0]))

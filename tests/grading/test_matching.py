"""Which known mistake an answer is said to have made: its numbers tell, whatever else differs."""

from __future__ import annotations

import pytest
import torch

from autograder.grading.matching import errs_alike, same_answer
from autograder.grading.start import start_grader
from autograder.model import Job, Settings
from autograder.notebook import wording
from autograder.sandbox.answers import Answer
from autograder.sandbox.inside.values import Foreign
from tests.support import courses
from tests.support.courses import NAME, hand_in, write_course

ERRORS = [MemoryError, TypeError, ValueError, RuntimeError, AttributeError]


@pytest.mark.parametrize("error", ERRORS)
def test_what_cannot_be_compared_is_not_alike(error: type[Exception]) -> None:
    """Memory may run out over a comparison too; the next mistake is tried then."""

    class Costly(list[float]):
        def __len__(self) -> int:
            raise error

    assert not same_answer(Answer([1.0]), Answer(Costly([1.0])))
    assert same_answer(Answer([1.0]), Answer([1.0]))


def test_an_authors_own_count_of_calls_tells_mistakes_apart():
    """Only the names of what ran are style; how often a branch was called is an answer."""
    never, twice = Answer({"calls": 0, "x": True}), Answer({"calls": 2, "x": True})
    assert not same_answer(never, twice)
    relu, clamp = (Answer({"operations": 1, "calls": [name]}) for name in ("relu", "clamp"))
    assert same_answer(relu, clamp)


def test_values_that_cannot_cross_are_alike_by_type() -> None:
    """A module that came back for a tensor is a slip of its own, whichever module it is."""
    first, second, other = (Answer({"relu": Foreign(name)}) for name in ("ReLU", "ReLU", "Tanh"))
    assert same_answer(first, second)
    assert not same_answer(first, other)


def test_where_the_right_number_is_tiny_errors_are_compared() -> None:
    """There 0 and the right number agree within any tolerance, and are different answers."""
    right, zero = (Answer(torch.tensor([number])) for number in (1e-12, 0.0))
    assert not errs_alike(zero, right, right)
    assert errs_alike(zero, zero, right)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_the_same_broken_numbers_err_alike(number: float) -> None:
    """Where a tiny number is right, two answers that are both nan, or both infinite, agree."""
    right, broken, zero = (Answer(torch.tensor([one])) for one in (1e-12, number, 0.0))
    assert errs_alike(broken, broken, right)
    assert not errs_alike(broken, zero, right)


def test_tensors_without_numbers_err_alike() -> None:
    """A check may ask on the meta device, whose tensors have shapes and no numbers."""
    empty = Answer(torch.ones(3, device="meta"))
    assert errs_alike(empty, empty, empty)


NAMED = {
    "2 * x": "doubles",
    "(2 * x).double()": "doubles",
    "(2 * x).unsqueeze(0)": "doubles",
    "(2 * x).requires_grad_()": "doubles",
    "(x / 2).double()": None,
    "(3 * x).double()": None,
    "x / 2 + 3e-4": None,  # right as float16 goes, and no known mistake
}
MISTAKES = f"""{courses.MISTAKES}

@mistake("half", "Which dtype does `x` have, and which your result?")
def in_float16(x):
    return (x / 2).half()
"""


def test_a_mistake_is_named_beside_another_dtype_or_axis(tmp_path):
    """What is charged by itself hides no mistake, and right numbers are called none."""
    course = write_course(tmp_path / "course")
    course.mistakes(NAME).write_text(MISTAKES)
    found = {}
    with start_grader(course, NAME, Settings(1)) as grader:
        for number, answer in enumerate(NAMED):
            path = hand_in(course, tmp_path / str(number), f"def half(x):\n    return {answer}\n")
            (exercise,) = grader.grade(Job("ana", path)).exercises
            found[answer] = exercise.mistake
    assert found == NAMED


THREE_CHECKS = (
    courses.GRADERS
    + """

@pytest.mark.exercise("half")
def test_a_longer_table(same, draw):
    \"\"\"Halves a longer table.\"\"\"
    same.half(draw(5, 4))


@pytest.mark.exercise("half")
def test_a_list(same, draw):
    \"\"\"Halves every number of a list.\"\"\"
    same.half(draw(6))
"""
)
CONTRADICTED = {
    "2 * x if x.ndim == 2 else 3 * x": "doubles",  # and a second mistake
    "2 * x if x.shape == (3, 4) else 3 * x": None,
}


def test_a_mistake_is_not_named_that_more_checks_speak_against(tmp_path):
    """One check that is failed alike, by chance, does not outweigh two with other numbers."""
    course = write_course(tmp_path / "course", THREE_CHECKS)
    found = {}
    with start_grader(course, NAME, Settings(1)) as grader:
        for number, answer in enumerate(CONTRADICTED):
            path = hand_in(course, tmp_path / str(number), f"def half(x):\n    return {answer}\n")
            (exercise,) = grader.grade(Job("ana", path)).exercises
            found[answer] = exercise.mistake
    assert found == CONTRADICTED


TRUTHS = """\
import pytest
import torch


@pytest.mark.exercise("half")
def test_three_large_numbers(same):
    \"\"\"Finds large numbers.\"\"\"
    same.half(torch.tensor([7.0, 8.0, 9.0]))


@pytest.mark.exercise("half")
def test_three_numbers(same):
    \"\"\"Tells large numbers from small ones.\"\"\"
    same.half(torch.tensor([3.0, 4.0, -1.0]))
"""
NEVER = """\
from autograder.authoring import mistake


@mistake("half", "Your result is always False. Which numbers are positive?")
def never(x):
    return x > 100
"""


def test_a_few_truth_values_that_agree_by_chance_name_no_mistake(tmp_path):
    """Three booleans agree with anything now and then; the answer may be another mistake."""
    reference = courses.REFERENCE.replace("x * 0.5", "x > 0")
    course = write_course(tmp_path / "course", TRUTHS, reference=reference)
    course.mistakes(NAME).write_text(NEVER)
    with start_grader(course, NAME, Settings(1)) as grader:
        path = hand_in(course, tmp_path, "def half(x):\n    return (x > 0) & (x < 4)\n")
        (exercise,) = grader.grade(Job("ana", path)).exercises
    assert exercise.mistake is None


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        (
            "Your values are right, but no gradient reaches `x`. Why?",
            "No gradient reaches `x`. Why?",
        ),
        ("The norm is right, but the result is a list. Why?", "The result is a list. Why?"),
        ("Your loss is right, but it comes from torch. Why?", ""),
        ("Your result is right for 2, but `nan` for 0. Why?", ""),
        ("Your values, all of them, are right, but the rest is not. Why?", ""),
        ("Look at 0. Your values are right, but the slope is 0.", ""),
        ("Your values are wrong only where `weight` is square. Why?", ""),
        ("Your slope is 0. Where is it right, and only there?", None),
        ("Which line rounds?", None),
    ],
)
def test_what_is_told_in_part_calls_nothing_right(line, kept):
    """A line whose mistake is not all that is wrong says nothing of the rest."""
    assert wording.in_part(line) == (line if kept is None else kept)

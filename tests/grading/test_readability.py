"""verify says how easy tutor lines are to read, and which words have a simpler one."""

from __future__ import annotations

import pytest

from autograder.course.layout import Course, load
from autograder.course.mistakes import entries
from autograder.grading.readability import HARD, lix, readability

EASY = "Your result ignores `weight`. Where does the formula use it?"
LONG = (
    "Considering normalisation statistics accumulated throughout consecutive evaluation "
    "iterations, which intermediate representation contradicts everything specified?"
)


def test_long_words_and_long_sentences_are_hard() -> None:
    """A short question is easy, a sentence of long words is not, and code counts as one word."""
    assert lix(EASY) < 30 < HARD < lix(LONG)
    assert lix("Use `F.binary_cross_entropy_with_logits`.") == lix("Use it.")
    assert lix("") == 0


def test_hard_lines_and_old_words_are_listed() -> None:
    """The hardest line comes first, and each old word is told with a simpler one."""
    found = readability([EASY, LONG, f"Consequently {LONG}", "Mend it, and it shall pass."])
    assert found.lines == 4
    assert [line for line, _ in found.hard] == sorted([LONG, f"Consequently {LONG}"], key=lix)[::-1]
    assert found.words == (("mend", "fix"), ("shall", "will"))


@pytest.mark.parametrize("name", ["a1_layers", "a3_iterations", "a5_losses", "a6_deep_networks"])
def test_the_tutor_lines_of_this_course_are_easy(course: Course, name: str) -> None:
    """On average they read like a children's book, few are hard, and no old word is in them."""
    bank = entries(load(course.mistakes(name)))
    found = readability(entry.tutor for entry in bank if entry.tutor)
    assert found.lix < 25
    assert len(found.hard) < 0.05 * found.lines
    assert found.words == ()

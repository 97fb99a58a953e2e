"""Every promise of a statement is held by a check, and every check is announced."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from autograder.course.layout import Course
from autograder.course.source import read_release
from autograder.grading import checks
from tests.conftest import ROOT

COURSE = Course(ROOT)
FOLDER = Path(__file__).with_name("promises")
NAMES = COURSE.assignments()


def promises(name: str) -> dict[str, dict[str, list[str]]]:
    """By exercise, what the notebook says, and the hidden checks that hold it."""
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def hidden(name: str) -> dict[str, set[str]]:
    """By exercise, the hidden checks of an assignment."""
    items = checks.collect(COURSE.graders(name), read_release(COURSE.release(name)))
    found: dict[str, set[str]] = {item.exercise: set() for item in items}
    for item in items:
        found[item.exercise] |= {item.name} if item.hidden else set()
    return found


def plain(text: str) -> str:
    """A text on one line, so that where it is broken does not matter."""
    return " ".join(text.split())


@pytest.mark.parametrize("name", NAMES)
def test_what_is_promised_stands_in_the_notebook(name: str) -> None:
    """Each promise is a verbatim part of the notebook that students get."""
    cells = read_release(COURSE.release(name)).cells
    text = plain(" ".join(cell.source for cell in cells if cell.kind == "markdown"))
    told = [words for own in promises(name).values() for words in own]
    assert [words for words in told if plain(words) not in text] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_promise_has_a_check_and_every_check_a_promise(name: str) -> None:
    """No promise goes unchecked, and nothing is graded that no sentence announces."""
    told, known = promises(name), hidden(name)
    assert told.keys() == known.keys()
    for exercise, own in told.items():
        assert all(own.values()), exercise
        assert {check for held in own.values() for check in held} == known[exercise], exercise

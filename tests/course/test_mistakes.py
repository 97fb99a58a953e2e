"""The bank's decorators: entries in order, and each one's text as an answer cell."""

import pytest

from autograder.course.layout import load
from autograder.course.mistakes import entries
from autograder.errors import AuthorError

BANK = '''"""Mistakes."""
import math

from autograder.authoring import alternative, mistake

FACTOR = 2


def _scaled(x, factor):
    return x * math.sqrt(factor) ** 2


def _unused():
    return None


@mistake("half", "Which way?")
def doubles(x):
    return _scaled(x, FACTOR)


@alternative("half")
def halves(x):
    return _scaled(x, 1 / FACTOR)
'''


def bank(folder, text=BANK):
    """The entries of a bank file with such a text."""
    path = folder / "mistakes.py"
    path.write_text(text, encoding="utf-8")
    return entries(load(path))


def test_entries_come_in_the_order_of_the_file(tmp_path):
    """Mistakes have a tutor line, alternatives have none, helpers are neither."""
    found = [(entry.exercise, entry.name, entry.tutor) for entry in bank(tmp_path)]
    assert found == [("half", "doubles", "Which way?"), ("half", "halves", None)]


def test_an_entry_as_an_answer_brings_what_it_uses_of_its_file(tmp_path):
    """Helpers, constants and imports come along; marks and what it does not use stay behind."""
    text = bank(tmp_path)[0].source
    names = {}
    exec(text, names)
    assert names["half"](3) == pytest.approx(6)
    assert "_unused" not in text
    assert "mistake" not in text


def test_two_entries_of_one_name_are_refused(tmp_path):
    """Of two functions with one name Python keeps one: the other would be lost in silence."""
    with pytest.raises(AuthorError, match="two entries are named doubles"):
        bank(tmp_path, BANK.replace("def halves", "def doubles"))

"""Case files say plainly what they are, and a slip in one is found."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.support import cases
from tests.support.cases import ROOT

STORY = '"""Answers with a list that never ends."""\n'
EXPECTED = "\n# expect: linear=0\n"


def test_no_two_cases_have_one_name() -> None:
    """A case is submitted under the name of its file, whichever folder it is in."""
    folders = (ROOT / "tests" / kind for kind in ("attacks", "faults"))
    names = Counter(case.name for folder in folders for case in cases.in_folder(folder))
    assert [name for name, times in names.items() if times > 1] == []


@pytest.mark.parametrize(
    "story",
    ["# Answers with a list.\n", '"""A list"""\n', '"""One. Two."""\n', '"""One,\n\ntwo."""\n'],
    ids=["none", "no full stop", "two sentences", "two lines"],
)
def test_a_case_begins_with_one_sentence(story: str) -> None:
    """Without a docstring of one sentence, a case is not read."""
    with pytest.raises(AssertionError, match="a docstring of one sentence"):
        cases.parse(story + EXPECTED, "answers/endless")


def test_half_a_mark_does_not_hide_a_cell() -> None:
    """A cell that begins with one percent sign is no cell, so the case would show nothing."""
    with pytest.raises(AssertionError, match="begins with # %%"):
        cases.parse(STORY + EXPECTED + '\n# % nbgrader={"grade_id": "linear"}\nx = 1\n', "a/b")


@pytest.mark.parametrize("line", ["# never:", "# expects: full", "#says: a word"])
def test_a_header_line_is_understood_or_refused(line: str) -> None:
    """A slip in the header does not quietly expect less."""
    with pytest.raises(AssertionError, match="no line of a header"):
        cases.parse(f"{STORY}{EXPECTED}{line}\n", "answers/endless")


def test_a_case_is_handed_in_under_the_name_of_its_file() -> None:
    """The folder is no part of it."""
    case = cases.parse(STORY + EXPECTED, "answers/endless")
    assert (case.id, case.name) == ("answers/endless", "endless")
    assert case.story == "Answers with a list that never ends."

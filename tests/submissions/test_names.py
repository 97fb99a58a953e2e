"""File names made from handles that students wrote."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.report.feedback import page_name
from autograder.report.results import result_path
from autograder.submissions.names import LONGEST, file_stem
from tests.report.factory import HOSTILE_NAMES, report


@pytest.mark.parametrize("handle", ["s001", "ada.lovelace", "Jo-Ann_2", "a@b.org", "x+y"])
def test_plain_handles_stay_readable(handle: str) -> None:
    """A handle of plain characters is its own file name."""
    assert file_stem(handle) == handle


@given(st.text(max_size=400))
def test_any_text_gives_a_plain_short_name(handle: str) -> None:
    """Whatever the text, the name is short ASCII without separators, leading dots or hyphens."""
    stem = file_stem(handle)
    assert 0 < len(stem) <= LONGEST
    assert stem.isascii()
    assert not set(stem) & set("/\\:*?\"<>| \n\x00%#&'")
    assert stem[0] not in ".-"
    assert stem[-1] not in ".-"
    assert "--" not in stem


@given(st.text(alphabet="ab/.-~2F", max_size=12), st.text(alphabet="ab/.-~2F", max_size=12))
def test_different_handles_never_share_a_file(one: str, other: str) -> None:
    """Escaping is reversible, so that no student can overwrite another's result."""
    assert (file_stem(one) == file_stem(other)) == (one == other)


def test_long_names_that_start_alike_stay_apart() -> None:
    """A name that is too long is cut and told apart by a digest."""
    assert file_stem("n" * 300 + "1") != file_stem("n" * 300 + "2")


@pytest.mark.parametrize("handle", HOSTILE_NAMES.values(), ids=HOSTILE_NAMES)
def test_results_stay_in_the_folder_of_their_assignment(handle: str, tmp_path: Path) -> None:
    """No name leads out of the results folder, as student or as assignment."""
    assert result_path("a1", handle, tmp_path).resolve().parent == tmp_path / "a1"
    assert result_path(handle, "s", tmp_path).resolve().parent.parent == tmp_path


@pytest.mark.parametrize("handle", ["con", "NUL", "aux.txt", "COM1"])
def test_names_of_windows_devices_are_avoided(handle: str) -> None:
    """A student called con gets a file on Windows too."""
    assert file_stem(handle).startswith("~")
    assert file_stem("connor") == "connor"


def test_pages_of_different_assignments_stay_apart() -> None:
    """The two parts of a page's name cannot be shifted into one another."""
    assert page_name(report("b", "a--x")) != page_name(report("x--b", "a"))
    assert page_name(report("-b", "a")) != page_name(report("b", "a-"))

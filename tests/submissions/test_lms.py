"""Gradescope's list of who submitted what: read, or refused in a sentence, whatever is in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.errors import UsageError
from autograder.submissions.lms import METADATA, groups

BOMB = (
    "submission_1:\n  a: &a [x, x]\n"
    + "".join(  # as text, each line is eight times the one above
        f"  {new}: &{new} [*{old}, *{old}, *{old}, *{old}, *{old}, *{old}, *{old}, *{old}]\n"
        for old, new in zip("abcde", "bcdef", strict=True)
    )
)


@pytest.mark.parametrize(
    "text",
    [
        "a: !!bool maybe",
        "a: !!int ''",
        "submission_1: {:submitters: [{:name: !!timestamp x}]}",
        f"{BOMB}  :submitters: [{{:name: *f}}]",
        f"{BOMB}  :created_at: *f",
        "submission_1: 5",
        "5",
        "",
    ],
    ids=[
        "bool",
        "int",
        "time",
        "bomb",
        "bomb of a time",
        "number",
        "no map",
        "empty",
    ],
)
def test_what_gradescope_never_writes_is_refused(tmp_path: Path, text: str) -> None:
    """The instructor is told to export it again."""
    path = tmp_path / METADATA
    path.write_text(text)
    with pytest.raises(UsageError, match="cannot be read as Gradescope writes it") as refused:
        groups(path)
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize("text", ["[" * 100_000, "a: " + "[" * 60 + "]" * 60], ids=["open", "a"])
def test_lists_in_lists_are_not_read_to_their_end(tmp_path: Path, text: str) -> None:
    """The compiled reader of YAML ends the whole process over a hundred thousand of them."""
    path = tmp_path / METADATA
    path.write_text(text)
    with pytest.raises(UsageError, match="lists in lists without an end"):
        groups(path)


def test_mappings_that_take_in_others_are_not_made(tmp_path: Path) -> None:
    """Each step of them may hold ten times the one before: under a kilobyte stands for memory."""
    steps = "".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 9))
    path = tmp_path / METADATA
    path.write_text(f"a0: &a0 {{x: 1, y: 2}}\n{steps}")
    with pytest.raises(UsageError, match="a mapping that takes in others"):
        groups(path)


def test_a_link_to_other_peoples_list_is_refused(tmp_path: Path) -> None:
    """Where a student could put it, no link is followed."""
    (tmp_path / "there.yml").write_text("{}")
    (tmp_path / METADATA).symlink_to(tmp_path / "there.yml")
    with pytest.raises(UsageError, match="cannot be read"):
        groups(tmp_path / METADATA)

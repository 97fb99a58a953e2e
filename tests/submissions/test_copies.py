"""Equal files of several people are flagged; what belongs together or is nobody's work is not."""

from __future__ import annotations

from autograder.submissions.copies import copies

SAME = "the same file, byte for byte, as that of"


def test_equal_files_are_flagged_with_everybody_who_has_them():
    """Also where somebody has one file in common with one classmate, and another with another."""
    files = [("ada", "1", "a"), ("bob", "1", "b"), ("bob", "2", "b"), ("cy", "2", "c"),
             ("dan", "3", "d"), ("dan", "3", "d")]  # fmt: skip
    flags = {"ada": f"{SAME} bob", "bob": f"{SAME} ada, cy", "cy": f"{SAME} bob"}
    assert copies(files, "0") == flags


def test_a_group_and_the_untouched_release_are_not_flagged():
    """One file of several people lies in one place; what was given to everybody is no copy."""
    files = [("ada", "1", "group"), ("bob", "1", "group"), ("cy", "0", "c"), ("dan", "0", "d")]
    assert copies(files, "0") == {}

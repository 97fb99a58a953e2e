"""Merge conflicts: the two sides that Git writes into a file, for somebody to decide."""

from __future__ import annotations

import re
from collections.abc import Iterator

from autograder.submissions.cells import lines_ended

_BEGIN = re.compile(r"^<{7} ", re.MULTILINE)
_OURS, _BASE, _THEIRS = "<<<<<<<", "|||||||", "======="
_END = ">>>>>>>"
_FOLLOWS = {_OURS: (_END,), _BASE: (_OURS,), _THEIRS: (_OURS, _BASE), _END: (_THEIRS,)}


def sides(text: str) -> tuple[str, str] | None:
    """The text with our side of each conflict, and with theirs; None where it is not so."""
    if _OURS not in text:
        return None
    text = f"{lines_ended(text)}\n"
    lines = list(_told_apart(text))
    marks = text.count("\n") + 1 - len(lines)
    if not marks or lines[-1][0] != _END:
        return None
    ours = "\n".join(line for state, line in lines if state in (_OURS, _END))
    return ours, "\n".join(line for state, line in lines if state in (_THEIRS, _END))


def _told_apart(text: str) -> Iterator[tuple[str, str]]:
    """Each line that is no mark, after the last mark before it."""
    state = _END
    for line in text.split("\n"):
        mark = line[:7] if line[7:8] in ("", " ") else ""
        if state in _FOLLOWS.get(mark, ()):
            state = mark
        else:
            yield state, line


def first_line(text: str) -> int:
    """The line at which the first conflict begins, as an editor counts; 0 where there is none."""
    text = lines_ended(text)
    begin = _BEGIN.search(text)
    return text.count("\n", 0, begin.start()) + 1 if begin else 0


def refusal(line: int) -> str:
    """Say how to decide."""
    return (
        f"The file holds both sides of a Git merge conflict, the first at line {line}. Open it in "
        "a text editor, keep one side of each conflict, delete the lines that begin with <<<<<<<, "
        "======= and >>>>>>>, and submit it again."
    )

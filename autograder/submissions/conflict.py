"""Merge conflicts: the two sides that Git writes into a file, for somebody to decide."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from autograder.submissions.cells import lines_ended

MOST = 10_000  # conflicts in one file; more are not Git's
_BEGIN = re.compile(r"^<{7} ", re.MULTILINE)
_OURS, _BASE, _THEIRS, _END = "<", "|", "=", ">"  # of which seven make a mark
_NEXT = {  # the mark that may come after each
    state: re.compile(rf"^(?:{marks})(?: .*)?\n", re.MULTILINE)
    for state, marks in {
        _END: r"<{7}", _OURS: r"\|{7}|={7}", _BASE: r"={7}", _THEIRS: r">{7}",
    }.items()
}  # fmt: skip


def sides(text: str) -> tuple[str, str] | None:
    """The text with our side of each conflict, and with theirs; None where it is not so."""
    if _OURS * 7 not in text:
        return None
    text = f"{lines_ended(text)}\n"
    parts = list(islice(_told_apart(text), 4 * MOST + 1))  # a conflict has up to four
    if len(parts) == 1 or parts[-1][0] != _END or parts[-1][1].stop < len(text):
        return None
    ours = "".join(text[part] for state, part in parts if state in (_OURS, _END))
    return ours, "".join(text[part] for state, part in parts if state in (_THEIRS, _END))


def _told_apart(text: str) -> Iterator[tuple[str, slice]]:
    """What stands between marks, by its place: as lines it would take many times the memory."""
    state, at = _END, 0
    while mark := _NEXT[state].search(text, at):
        yield state, slice(at, mark.start())
        state, at = text[mark.start()], mark.end()
    yield state, slice(at, len(text))


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

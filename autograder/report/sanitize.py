"""Words that leave the sandbox are hostile: here they lose what could deceive a reader's eye."""

from __future__ import annotations

import re
from collections.abc import Sequence

from autograder.model import Report

MOST_NOTES = 30  # of which one notebook can make thousands
_TERMINAL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?)")
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters, save tab and newline
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # what turns the reading direction
    "\u2028\u2029\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"  # separators, marks and tags nobody sees
    "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"  # what no file or page can hold
)


def clean(text: str) -> str:
    """Strip terminal sequences, control characters and changes of reading direction; keep lines."""
    lines = re.sub(r"\r\n?", "\n", text)
    return _UNSEEN.sub("", _TERMINAL.sub("", lines))


def one_line(text: str, limit: int = 300) -> str:
    """Clean text on one line, cut with an ellipsis where it is longer than ``limit``."""
    line = " ".join(clean(text).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def few_notes(report: Report) -> list[str]:
    """A report's notes for other tools, and not so many that a tool refuses them all.

    First comes which of several files counts, and why.
    """
    came = report.handed_in
    passed_over = ", ".join(came.others[:MOST_NOTES])
    which = [f"Of your files, {came.counts}, not {passed_over}."] if came.counts else []
    return few([*which, *report.notes])


def few(notes: Sequence[str]) -> list[str]:
    """Notes, each on a line, and how many more there are."""
    left = len(notes) - MOST_NOTES
    more = [count(left, "further note")] if left > 0 else []
    return [*map(one_line, notes[:MOST_NOTES]), *more]


def number(value: float) -> str:
    """A score as people write it: at most two digits after the point, none without need."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def count(amount: int, noun: str, plural: str | None = None) -> str:
    """``1 exercise``, ``2 exercises``."""
    return f"{amount:,} {noun if amount == 1 else plural or noun + 's'}"

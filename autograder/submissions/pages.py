"""The code cells of a web page that nbconvert made of a notebook, as nbviewer does too.

The page holds the code of each cell whole, only coloured: colours are taken off, nothing is
guessed. Of every other page nothing is read.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from autograder.submissions.cells import MAX_MARKS, Piece, lines_ended

_CELL = re.compile(r'<div class="highlight hl-i?python\d?"><pre>')
_END = "</pre>"
_TAG = re.compile(r"<[^<>]*>")
_MAX_COLOURED = 2 << 20  # characters of code with its colours; no person writes a tenth of that


def page_cells(text: str) -> Iterator[Piece]:
    """The code of each cell; nothing where the page is of another kind, or cut off.

    Nor where there is more of them than any notebook has.
    """
    parts = _CELL.split(lines_ended(text), MAX_MARKS)[1:]
    ends = [part.find(_END) for part in parts]
    if min(ends, default=-1) >= 0 and sum(ends) <= _MAX_COLOURED:
        for number, (part, end) in enumerate(zip(parts, ends, strict=True), 1):
            yield Piece(html.unescape(_TAG.sub("", part[:end])), "", f"code cell {number}")

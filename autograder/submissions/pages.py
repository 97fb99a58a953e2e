"""The code cells of a web page that nbconvert made of a notebook, as nbviewer does too.

The page holds the code of each cell whole, only coloured: colours are taken off, nothing is
guessed. Of every other page nothing is read.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from autograder.submissions.cells import Piece, lines_ended

_CELL = re.compile(r'<div class="highlight hl-i?python\d?"><pre>')
_END = "</pre>"
_TAG = re.compile(r"<[^<>]*>")


def page_cells(text: str) -> Iterator[Piece]:
    """The code of each cell; nothing where the page is of another kind, or cut off."""
    parts = _CELL.split(lines_ended(text))[1:]
    if all(_END in part for part in parts):
        for number, part in enumerate(parts, 1):
            coloured = part.partition(_END)[0]
            yield Piece(html.unescape(_TAG.sub("", coloured)), "", f"code cell {number}")

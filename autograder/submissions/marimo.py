"""The cells of a notebook of marimo, which is a Python script: each cell is a function's body.

Only what marimo writes around its cells is taken off, as text: the code is not parsed, so that a
mistake in one cell leaves the others.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from autograder.submissions.cells import MAX_MARKS, MAX_READ, Piece, lines_ended

_APP = re.compile(r"^app = marimo\.App\(", re.MULTILINE)
_BLOCK = re.compile(
    r"^(?:@app\.(?P<kind>cell|function|class_definition)\b|with app\.(?P<setup>setup)\b"
    r"|app\.(?P<broken>_unparsable_cell)\(|if __name__ ==)",
    re.MULTILINE,
)
_HEADER = re.compile(r"^(?:async )?def \w+\([^()]*\):\n", re.MULTILINE)  # of the function
_DEFINITION = re.compile(r"^(?:@|def\b|async def\b|class\b)", re.MULTILINE)
_TEXT = re.compile(r'app\._unparsable_cell\(\s*r?"""\n?')
_RETURN = re.compile(r"return(?:[ \n][\w\s,()]*)?")
_INDENT = re.compile("^ {4}", re.MULTILINE)


def is_marimo(text: str) -> bool:
    """Whether marimo wrote a script."""
    return _APP.search(lines_ended(text)) is not None


def marimo_cells(text: str) -> Iterator[Piece]:
    """The code of each cell, as marimo shows it."""
    text = lines_ended(text)
    blocks = itertools.islice(_BLOCK.finditer(text), MAX_MARKS)
    numbers = itertools.count(1)
    for block, following in itertools.pairwise(itertools.chain(blocks, [None])):
        kind = block and (block["kind"] or block["setup"] or block["broken"])
        if block and kind:
            end = following.start() if following else len(text)
            source = _CODE[kind](text[block.start() : end])
            yield Piece(source.strip("\n"), "", f"cell {next(numbers)}")


def _of_cell(block: str) -> str:
    """A function's body, without the names that it gives to other cells."""
    header = _HEADER.search(block)
    body = _dedented(block[header.end() :] if header else "").rstrip()
    at = f"\n{body}".rfind("\nreturn")
    return body[:at] if at >= 0 and _RETURN.fullmatch(body, at) else body


def _of_definition(block: str) -> str:
    """A function or a class that stands there as it is, below marimo's decorator."""
    found = _DEFINITION.search(block, 1)
    return block[found.start() :] if found else ""


def _of_setup(block: str) -> str:
    return _dedented(block.partition(":\n")[2])


def _of_text(block: str) -> str:
    """Code that could not be read as Python, which marimo keeps as a text."""
    begin = _TEXT.match(block)
    inside = block[begin.end() :].rpartition('"""')[0] if begin else ""
    return _dedented(inside).replace('\\"', '"').rstrip()


def _dedented(body: str) -> str:
    """Without marimo's indent; what is longer than any answer stays as it is."""
    return _INDENT.sub("", body) if len(body) <= MAX_READ else body


_CODE = {
    "cell": _of_cell,
    "function": _of_definition,
    "class_definition": _of_definition,
    "setup": _of_setup,
    "_unparsable_cell": _of_text,
}

"""Refuses what is wrong in a source file, with its line, before anything is built from it."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Sequence

from autograder.errors import AuthorError
from autograder.model import Cell

TAGS = frozenset(
    "setup visible-checks scorecard hints figure text-alternative bonus all-or-nothing".split()
)
_MARKER = re.compile(r"^# %%.*?\bnbgrader=(.*)$")
_SOLUTION = re.compile(r"^ *### (BEGIN|END) SOLUTION *$")
_NEEDED = {
    "setup": "holds the imports that every answer may use",
    "visible-checks": "is filled with the checks' helper by the build",
}


def refuse_faults(where: str, lines: Sequence[str], cells: Sequence[Cell]) -> None:
    """Refuse a source file whose cells, marks, tags or code are not what the build needs.

    Args:
        where: the file, for people.
        lines: its text.
        cells: what was read from it.

    Raises:
        AuthorError: with file and line, what is wrong, and what to do.
    """
    _refuse_metadata(where, lines)
    _refuse_tags(where, cells)
    for cell in cells:
        _refuse_marks(where, cell)
        _refuse_code(where, lines, cell)


def _refuse_metadata(where: str, lines: Sequence[str]) -> None:
    """A marker whose metadata is not JSON is read as a title, and its cell as one without an id."""
    for number, line in enumerate(lines, 1):
        found = _MARKER.match(line)
        if found is None:
            continue
        try:
            json.JSONDecoder().raw_decode(found[1])
        except json.JSONDecodeError as error:
            raise AuthorError(
                f"{where}:{number}",
                f"the cell's nbgrader metadata is not JSON ({error.msg})",
                'Write names and texts in double quotes: nbgrader={"grade_id": "half"}.',
            ) from error


def _refuse_tags(where: str, cells: Sequence[Cell]) -> None:
    for cell in cells:
        for tag in cell.tags:
            if tag not in TAGS:
                remedy = f"Known tags: {', '.join(sorted(TAGS))}."
                raise AuthorError(_at(where, cell), f"nothing reads the tag {tag!r}", remedy)
    tags = {tag for cell in cells for tag in cell.tags}
    for tag, purpose in _NEEDED.items():
        if tag not in tags:
            remedy = f'Tag the one that {purpose}: # %% tags=["{tag}"].'
            raise AuthorError(where, f"no cell has the tag {tag!r}", remedy)


def _refuse_marks(where: str, cell: Cell) -> None:
    """An answer has pairs of BEGIN and END SOLUTION, and no other cell has any."""
    marks = [found[1] for line in cell.source.splitlines() if (found := _SOLUTION.match(line))]
    if marks and not cell.solution:
        remedy = 'Remove them, or set "solution": true in the cell\'s nbgrader metadata.'
        raise AuthorError(_at(where, cell), "a cell that is no answer has SOLUTION marks", remedy)
    if cell.solution and cell.kind == "code" and not marks:
        what = f"the answer cell {cell.grade_id!r} has no ### BEGIN SOLUTION and ### END SOLUTION"
        remedy = "Put them around what students are to write; the rest is what they get."
        raise AuthorError(_at(where, cell), what, remedy)
    if marks != ["BEGIN", "END"] * (len(marks) // 2):
        what = f"the SOLUTION marks of {cell.grade_id!r} do not come in pairs ({', '.join(marks)})"
        remedy = "Give each ### BEGIN SOLUTION its ### END SOLUTION below it."
        raise AuthorError(_at(where, cell), what, remedy)


def _refuse_code(where: str, lines: Sequence[str], cell: Cell) -> None:
    """The code that the build and the graders run has to be Python."""
    if cell.kind != "code" or not (cell.solution or cell.grade or "setup" in cell.tags):
        return
    try:
        ast.parse(cell.source)
    except SyntaxError as error:
        line = _line_in_file(lines, cell, error.lineno or 1)
        remedy = "Correct the line, or the one above it."
        raise AuthorError(f"{where}:{line}", f"this is not Python: {error.msg}", remedy) from error


def _line_in_file(lines: Sequence[str], cell: Cell, number: int) -> int:
    """Where a line of a cell stands in the file."""
    text = cell.source.splitlines()
    starts = range(len(lines) - len(text) + 1)
    first = next((i for i in starts if list(lines[i : i + len(text)]) == text), cell.line or 0)
    return first + number


def _at(where: str, cell: Cell) -> str:
    return f"{where}:{cell.line}" if cell.line else where

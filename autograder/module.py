"""From an assignment's cells to module text: the solution without its marks."""

from __future__ import annotations

import re

from autograder.model import Assignment, Cell

_MARKS = re.compile(r"^ *### (?:BEGIN|END) SOLUTION *\n?", re.MULTILINE)


def without_marks(cell: Cell) -> str:
    """A cell's code with the solution in place and the marks around it gone."""
    return _MARKS.sub("", cell.source + "\n").strip() + "\n"


def module_text(assignment: Assignment) -> str:
    """The setup and answer cells, in the notebook's order, as one module."""
    parts = [cell for cell in assignment.cells if "setup" in cell.tags or cell.solution]
    return "\n\n".join(without_marks(part) for part in parts)

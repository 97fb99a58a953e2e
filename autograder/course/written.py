"""Written answers: exercises in words, which people grade by the rubric that their cell carries.

In the source, an answer's cell is Markdown with nbgrader's marks of a cell that is graded by hand,
and a rubric that the build takes out again, since students are not to read it:

# %% [markdown] nbgrader={"grade_id": "why_deep", "grade": true, "solution": true, "points": 6, ...}
#     rubric=[{"name": "slopes", "points": 4, "text": "You name the product of slopes."}, ...]

(in one line). Its heading stands in the cell ``why_deep-statement``, as with every exercise.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from autograder.errors import AuthorError
from autograder.model import Cell, RubricItem, Written

_HEADING = re.compile(r"^#{2,4} +(?:[\d.]+ +· +)?(\S.*)$", re.MULTILINE)
_EXAMPLE = '{"name": "units", "points": 2, "text": "You name the units."}'


def read_written(cell: Cell, by_id: Mapping[str, Cell], where: str) -> Written:
    """Read one written answer.

    Raises:
        AuthorError: it has no points, or its rubric is none.
    """
    place = f"{where}:{cell.line}" if cell.line else where
    name = cell.grade_id or ""
    points = cell.points
    if isinstance(points, bool) or not isinstance(points, (int, float)) or points <= 0:
        what = f"the written answer {name!r} has no points"
        raise AuthorError(place, what, 'Write "points": 6 in its nbgrader metadata.')
    statement = by_id.get(f"{name}-statement")
    heading = _HEADING.search(statement.source) if statement else None
    title = heading[1].rstrip() if heading else name
    return Written(name, title, float(points), cell, _rubric(cell.rubric, name, place))


def _rubric(value: Any, name: str, place: str) -> tuple[RubricItem, ...]:
    if value is None:
        return ()
    try:
        items = tuple(_item(one) for one in value)
    except (KeyError, TypeError, ValueError) as error:
        what = f"the rubric of {name!r} is no list of items"
        raise AuthorError(place, what, f"Write each like {_EXAMPLE}.") from error
    if len({item.name for item in items}) < len(items):
        what = f"two items of the rubric of {name!r} have one name"
        raise AuthorError(place, what, "Give each a name of its own.")
    return items


def _item(one: Mapping[str, Any]) -> RubricItem:
    name, points, text = one["name"], one["points"], one["text"]
    plain = isinstance(name, str) and isinstance(text, str) and type(points) in (int, float)
    if not (plain and name.strip() and text.strip() and len(one) == 3):
        raise ValueError("a name, points and a text")
    return RubricItem(name, float(points), text)

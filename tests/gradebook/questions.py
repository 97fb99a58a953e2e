"""A question that people grade, added to the small course, and words to answer it."""

from __future__ import annotations

import json
from pathlib import Path

from autograder.course.layout import Course
from tests.support.courses import NAME

RUBRIC = (
    '[{"name": "half", "points": 4, "text": "You say what half is."}, '
    '{"name": "units", "points": 2, "text": "You name the units."}]'
)
CELLS = """

# %% [markdown] nbgrader=<statement>
# ### 1.2 · In your own words ({points} points)

# %% [markdown] nbgrader=<answer> rubric=<rubric>
# Half is what two equal parts are.
"""
MARKS = {"schema_version": 3, "grade": False, "solution": False, "locked": False, "task": False}


def with_question(course: Course, rubric: str = RUBRIC, points: object = 6) -> Course:
    """The course with a written answer."""
    statement = {**MARKS, "grade_id": "words-statement", "locked": True}
    answer = {**MARKS, "grade_id": "words", "grade": True, "solution": True, "points": points}
    text = CELLS.replace("<statement>", json.dumps(statement)).replace("<rubric>", rubric)
    with course.source(NAME).open("a") as file:
        file.write(text.replace("<answer>", json.dumps(answer)))
    return course


def put_words(path: Path, words: str) -> None:
    """Write a student's words into their notebook."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    (cell,) = [c for c in notebook["cells"] if mark(c) == "words"]
    cell["source"] = words
    path.write_text(json.dumps(notebook), encoding="utf-8")


def mark(cell: dict) -> str:
    """A cell's grade id."""
    return cell["metadata"].get("nbgrader", {}).get("grade_id", "")

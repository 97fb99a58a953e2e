"""Reads an nbgrader source notebook: answers, tests and their hidden regions, points."""

from __future__ import annotations

import re
from typing import Any

from autograder.integrations.imports.draft import Draft, Given, Question, Test, joined, used

_HIDDEN = re.compile(
    r"^[ \t]*#+ *BEGIN HIDDEN TESTS.*?^[ \t]*#+ *END HIDDEN TESTS[^\n]*\n?",
    re.DOTALL | re.MULTILINE,
)
_SCHEME = re.compile(
    r"^[ \t]*#+ *BEGIN MARK SCHEME.*?^[ \t]*#+ *END MARK SCHEME[^\n]*\n?", re.DOTALL | re.MULTILINE
)
_MARK = re.compile(r"^[ \t]*#+ *(BEGIN|END) HIDDEN TESTS.*\n?", re.MULTILINE)
_REGION = re.compile(r"^([ \t]*)#+ *(BEGIN|END) SOLUTION.*$", re.MULTILINE)


def is_source(cells: list[Any]) -> bool:
    """Whether the cells bear nbgrader's marks."""
    return any(_marks(cell).get("grade") or _marks(cell).get("solution") for cell in cells)


def read(name: str, cells: list[Any]) -> Draft:
    """Return the notebook's draft; what is left out is said in its remarks."""
    draft = Draft(name)
    last = ""  # text that may be the next answer's statement
    for place, cell in enumerate(cells):
        source = "".join(cell["source"])
        marks = _marks(cell)
        label = str(marks.get("grade_id") or f"cell {place + 1}")
        if marks.get("solution") or marks.get("task"):
            _answer(draft, cell, source, label, last)
            last = ""
        elif marks.get("grade"):
            _test(draft, source, label, float(marks.get("points", 0)))
        elif cell["cell_type"] in ("markdown", "code"):
            draft.parts.append(Given(cell["cell_type"], source))
            last = source if cell["cell_type"] == "markdown" else last
    return joined(draft)


def _marks(cell: Any) -> dict[str, Any]:
    marks = cell.get("metadata", {}).get("nbgrader", {})
    return marks if isinstance(marks, dict) else {}


def _answer(draft: Draft, cell: Any, source: str, label: str, statement: str) -> None:
    marks = _marks(cell)
    if marks.get("grade") or marks.get("task") or cell["cell_type"] != "code":
        draft.remarks.append(f"{label}: a person grades this answer; its points are left out")
        if marks.get("task"):  # its text is the question; any other holds the author's own answer
            draft.parts.append(Given("markdown", _SCHEME.sub("", source)))
        return
    if draft.parts and draft.parts[-1] == Given("markdown", statement):
        draft.parts.pop()  # it becomes the exercise's own
    answer = _REGION.sub(r"\1### \2 SOLUTION", source)
    draft.parts.append(Question(statement, answer, label=label))


def _test(draft: Draft, source: str, label: str, points: float) -> None:
    """Give a test to the last answer that binds a name which it uses, else to the last one."""
    if not draft.questions:
        draft.remarks.append(f"{label}: a test before any answer; left out")
        return
    test = Test(label, _MARK.sub("", source), _HIDDEN.sub("", source), points)
    wanted = used(test.code)
    own = [q for q in draft.questions if wanted.intersection(q.names)]
    (own or draft.questions)[-1].tests.append(test)

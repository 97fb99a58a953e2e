"""Parses an assignment, from its source file or from the release notebook built from it.

An authoring mistake is refused here, with the file, the line and the remedy.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

from autograder.course.draft import refuse_faults
from autograder.course.written import read_written
from autograder.errors import AuthorError
from autograder.model import Assignment, Cell, Exercise

_TITLE = re.compile(r"^#{2,4} +(?:[\d.]+ +· +)?(\S.*)$", re.MULTILINE)
_BAD_ID = re.compile(r"[^A-Za-z0-9_\-]")
_MARKS = re.compile(r"^ *### (?:BEGIN|END) SOLUTION *\n?", re.MULTILINE)
# What graders ask of a solution by these names cannot be the name of an exercise too.
RESERVED = frozenset({"run", "names", "without"})


def read_source(path: Path) -> Assignment:
    """Parse a jupytext source file."""
    import jupytext  # costs over a second, and only authors need it

    if not path.is_file():
        raise AuthorError(
            str(path), "there is no such file", "Write the assignment's source there."
        )
    text = path.read_text(encoding="utf-8")
    notebook = jupytext.reads(text, fmt="py:percent")
    lines = text.splitlines()
    cells = [_cell(raw, _line_of(raw, lines)) for raw in notebook.cells]
    refuse_faults(str(path), lines, cells)
    made = assignment(path.stem, cells, str(path))
    for exercise in made.exercises:
        _refuse_undefined(exercise.answer, str(path))
    return made


def _refuse_undefined(answer: Cell, where: str) -> None:
    """Refuse an answer cell that binds nothing of its id; in a release it may be a mere stub."""
    name = answer.grade_id or ""
    defines = rf"^(def {re.escape(name)}\(|class {re.escape(name)}\b|{re.escape(name)}\s*[:=][^=])"
    if not re.search(defines, without_marks(answer), re.MULTILINE):
        _refuse(where, answer, f"the answer cell {name!r} does not define {name}()",
                "Give the function, class or value and the cell's grade_id one name.")  # fmt: skip


def read_release(path: Path) -> Assignment:
    """Parse the release notebook: the same assignment, with stubs in the answer cells."""
    if not path.is_file():
        raise AuthorError(str(path), "there is no such file", "Run: autograder build")
    try:
        made = json.loads(path.read_text(encoding="utf-8"))
        cells = [_cell(raw, None) for raw in made["cells"]]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise AuthorError(str(path), "it is no notebook", "Run: autograder build") from None
    return assignment(path.stem, cells, str(path))


def _cell(raw: Any, line: int | None) -> Cell:
    marks = raw["metadata"].get("nbgrader", {})
    source = raw["source"] if isinstance(raw["source"], str) else "".join(raw["source"])
    return Cell(
        kind=raw["cell_type"],
        source=source,
        grade_id=marks.get("grade_id"),
        grade=marks.get("grade", False),
        solution=marks.get("solution", False),
        points=marks.get("points"),
        tags=tuple(raw["metadata"].get("tags", ())),
        line=line,
        rubric=raw["metadata"].get("rubric"),
    )


def _line_of(raw: Any, lines: list[str]) -> int | None:
    """The line of the source that names the cell's grade_id (jupytext keeps no line numbers)."""
    grade_id = raw["metadata"].get("nbgrader", {}).get("grade_id")
    marker = f'"grade_id": "{grade_id}"'
    return next((i for i, line in enumerate(lines, 1) if grade_id and marker in line), None)


def assignment(name: str, cells: list[Cell], where: str) -> Assignment:
    """Put cells together to an assignment, refusing what an author got wrong."""
    _refuse_shared_ids(cells, where)
    by_id = {cell.grade_id: cell for cell in cells if cell.grade_id}
    answers = [cell for cell in cells if cell.solution and not cell.is_written]
    exercises = tuple(_exercise(cell, by_id, where) for cell in answers)
    _refuse_orphaned_checks(cells, {exercise.id for exercise in exercises}, where)
    written = tuple(read_written(cell, by_id, where) for cell in cells if cell.is_written)
    title = next((t[1] for c in cells if (t := re.match(r"# +(.+)", c.source))), name)
    return Assignment(name, title, tuple(cells), exercises, written)


def _exercise(answer: Cell, by_id: dict[str, Cell], where: str) -> Exercise:
    name = answer.grade_id or ""
    check, statement = by_id.get(f"{name}-check"), by_id.get(f"{name}-statement")
    if name in RESERVED:
        _refuse(where, answer, f"an exercise cannot be called {name!r}: graders use that name",
                "Give the function and its cells another name.")  # fmt: skip
    if check is None:
        _refuse(where, answer, f"exercise {name!r} has no check cell",
                f'Add a locked grade cell with "grade_id": "{name}-check" after it.')  # fmt: skip
    if statement is None:
        _refuse(where, answer, f"exercise {name!r} has no statement",
                f'Add a locked markdown cell with "grade_id": "{name}-statement".')  # fmt: skip
    return Exercise(
        id=name,
        title=_title(statement, where),
        points=_points(check, name, where),
        all_or_nothing="all-or-nothing" in check.tags,
        bonus="bonus" in check.tags,
        answer=answer,
        check=check,
    )


def _title(statement: Cell, where: str) -> str:
    found = _TITLE.search(statement.source)
    if found is None:
        _refuse(where, statement, f"{statement.grade_id!r} has no heading",
                "Begin it with a line like: ### 1.2 · One layer of neurons")  # fmt: skip
    return found[1].rstrip()


def _points(check: Cell, name: str, where: str) -> float:
    bonus = "bonus" in check.tags
    if isinstance(check.points, bool) or not isinstance(check.points, (int, float, type(None))):
        _refuse(where, check, f"the points of {name!r} are no number: {check.points!r}",
                'Write them without quotes: "points": 10.')  # fmt: skip
    if not check.grade or check.points is None or (check.points <= 0) != bonus:
        remedy = 'Set "grade": true and "points" in its nbgrader metadata (0 with the tag bonus).'
        _refuse(where, check, f"the check cell of {name!r} has no points", remedy)
    return float(check.points)


def _refuse_shared_ids(cells: Iterable[Cell], where: str) -> None:
    seen = dict[str, Cell]()
    for cell in cells:
        if cell.grade_id is None:
            continue
        if _BAD_ID.search(cell.grade_id) or not cell.grade_id:
            _refuse(where, cell, f"the id {cell.grade_id!r} is not allowed",
                    "Use letters, digits, - and _ only.")  # fmt: skip
        if cell.grade_id in seen:
            _refuse(where, cell, f"two cells have the id {cell.grade_id!r}",
                    "Give each cell an id of its own.")  # fmt: skip
        seen[cell.grade_id] = cell


def _refuse_orphaned_checks(cells: Iterable[Cell], exercises: set[str], where: str) -> None:
    for cell in cells:
        if (
            cell.grade
            and not cell.is_written
            and (cell.grade_id or "").removesuffix("-check") not in exercises
        ):
            _refuse(where, cell, f"the check cell {cell.grade_id!r} belongs to no exercise",
                    "Name it after its answer cell, with -check at the end.")  # fmt: skip


def _refuse(where: str, cell: Cell, what: str, remedy: str) -> NoReturn:
    raise AuthorError(f"{where}:{cell.line}" if cell.line else where, what, remedy)


# --- from cells to module text -------------------------------------------------------------------


def without_marks(cell: Cell) -> str:
    """A cell's code with the solution in place and the marks around it gone."""
    return _MARKS.sub("", cell.source + "\n").strip() + "\n"


def module_text(assignment: Assignment) -> str:
    """The setup and answer cells, in the notebook's order, as one module."""
    parts = [
        cell
        for cell in assignment.cells
        if cell.kind == "code" and ("setup" in cell.tags or cell.solution)
    ]
    return "\n\n".join(without_marks(part) for part in parts)

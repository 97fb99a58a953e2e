"""The release notebook that students get; nbgrader's own preprocessors strip and lock it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from autograder.model import Assignment
from autograder.targets.tree import Tree

_HELPER = Path(__file__).parents[1] / "notebook" / "visible.py"
# In the notebook it is a module, since a cell would find there what students call sum or list.
_MODULE = """\
# The visible checks: run this cell once. They are a module of their own, so that whatever you
# call your own things (sum, list, torch) cannot get in their way.
from __future__ import annotations as _annotations
import sys as _sys
from types import ModuleType as _ModuleType

_checks = _sys.modules["_visible_checks"] = _ModuleType("_visible_checks")
exec(r'''
{text}
''', _checks.__dict__)
scorecard, visible_checks = _checks.scorecard, _checks.visible_checks"""
_ORDER = (
    "LockCells", "ClearSolutions", "ClearOutput", "CheckCellMetadata", "ClearHiddenTests",
    "ClearMarkScheme", "ComputeChecksums", "CheckCellMetadata",
)  # fmt: skip


def release(assignment: Assignment, source: str) -> Tree:
    """Return release/<name>/<name>.ipynb from the source's text."""
    import nbformat

    notebook = master(assignment, source)
    for preprocessor in _preprocessors():
        notebook, _ = preprocessor.preprocess(notebook, {})
    text: str = nbformat.writes(notebook, version=4)  # type: ignore[no-untyped-call]
    return {f"release/{assignment.name}/{assignment.name}.ipynb": f"{text}\n".encode()}


def master(assignment: Assignment, source: str) -> Any:
    """The full notebook, solutions included: points filled in, helper inserted, ids stable."""
    import jupytext

    notebook = jupytext.reads(source, fmt="py:percent")
    points = {e.id: e.points for e in assignment.exercises}
    for cell in notebook.cells:
        cell.source = _filled(cell, points)
        _dress(cell)
    _number(notebook.cells)
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    notebook.nbformat = 4
    notebook.nbformat_minor = 5
    return notebook


def _filled(cell: Any, points: dict[str, float]) -> str:
    """Put in what the source leaves to the build: the helper, the points, the exercises' names."""
    if "visible-checks" in cell.metadata.get("tags", []):
        return _MODULE.replace("{text}", _HELPER.read_text(encoding="utf-8").strip())
    if "scorecard" in cell.metadata.get("tags", []):
        names = ", ".join(f'"{exercise}"' for exercise in points)
        return str(cell.source).replace("scorecard()", f"scorecard({names})")
    grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
    exercise = grade_id.removesuffix("-statement")
    text = str(cell.source)
    return text.replace("{points}", f"{points[exercise]:g}") if exercise in points else text


def _dress(cell: Any) -> None:
    """Fold away the code of helper and scorecard; let a failed check not stop "Run All"."""
    tags = cell.metadata.get("tags", [])
    if {"visible-checks", "scorecard"} & set(tags):
        cell.metadata["jupyter"] = {"source_hidden": True}
    if cell.metadata.get("nbgrader", {}).get("grade"):
        cell.metadata["tags"] = [*tags, "raises-exception"]


def _number(cells: list[Any]) -> None:
    """Give each cell an id that edits elsewhere do not change: its own, or place after one."""
    anchor = "cell"
    place = 0
    for cell in cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        anchor, place = (grade_id, 0) if grade_id else (anchor, place + 1)
        cell.id = re.sub(r"[^\w-]", "-", anchor if grade_id else f"{anchor}-{place}")[:64]


def _preprocessors() -> list[Any]:
    from nbgrader import preprocessors

    return [getattr(preprocessors, name)() for name in _ORDER]

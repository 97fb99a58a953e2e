"""The release notebook that students get; nbgrader's own preprocessors strip and lock it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.model import Assignment
from autograder.targets.figures import add_outputs
from autograder.targets.tree import Tree

Tolerances = Mapping[str, tuple[float, float]]  # of a course, by dtype
_HELPER = Path(__file__).parents[1] / "notebook" / "visible.py"
# In the notebook it is a module, since a cell would find there what students call sum or list.
_MODULE = """\
#@title Visible checks: run this cell once. There is nothing to change in it.
import sys as _sys, types as _types
_checks = _sys.modules["_visible_checks"] = _types.ModuleType("_visible_checks")
exec(r'''
{text}
''', _checks.__dict__)
scorecard, visible_checks = _checks.scorecard, _checks.visible_checks"""
_SCRIPT = Path(__file__).with_name("templates") / "sliders.js"
_KEYS = """
# Plotly's sliders are made for a mouse. Now Tab reaches them, and arrow keys move them.
"get_ipython" in globals() and get_ipython().display_pub.publish({{"text/html": r'''<script>{{
{script}
}}</script>''', "text/plain": ""}})"""
# A list of numbers in a figure, one on each line, as nbformat writes it.
_NUMBERS = re.compile(r"\[\n((?:\s*(?:-?\d[\d.eE+-]*|null|true|false),?\n)+)\s*\]")
# Jupyter shows the line of an error: after a restart, it says what to do.
_RESTARTED = "  # NameError? Run the first two code cells again."
_ORDER = (
    "LockCells", "ClearSolutions", "ClearOutput", "CheckCellMetadata", "ClearHiddenTests",
    "ClearMarkScheme", "ComputeChecksums", "CheckCellMetadata",
)  # fmt: skip


def release(assignment: Assignment, source: str, tolerances: Tolerances, figures: Path) -> Tree:
    """Return release/<name>/<name>.ipynb from the source's text and the figures' outputs."""
    import nbformat

    notebook = master(assignment, source, tolerances)
    for preprocessor in _preprocessors():
        notebook, _ = preprocessor.preprocess(notebook, {})
    add_outputs(notebook.cells, figures)
    text = compact(nbformat.writes(notebook, version=4))  # type: ignore[no-untyped-call]
    return {f"release/{assignment.name}/{assignment.name}.ipynb": f"{text}\n".encode()}


def compact(text: str) -> str:
    """A notebook's text with each list of numbers on one line."""
    return _NUMBERS.sub(lambda found: f"[{' '.join(found[1].split())}]", text)


def master(assignment: Assignment, source: str, tolerances: Tolerances | None = None) -> Any:
    """The full notebook, solutions included: points filled in, helper inserted, ids stable."""
    import jupytext

    notebook = jupytext.reads(source, fmt="py:percent")
    points = {e.id: e.points for e in assignment.exercises}
    points |= {w.id: w.points for w in assignment.written}
    checked = [exercise.id for exercise in assignment.exercises]
    for cell in notebook.cells:
        cell.source = _filled(cell, points, checked, tolerances or {})
        cell.metadata.pop("rubric", None)  # no student reads what an answer should hold
        _dress(cell)
    _number(notebook.cells)
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    notebook.nbformat = 4
    notebook.nbformat_minor = 5
    return notebook


def _filled(cell: Any, points: dict[str, float], checked: list[str], tolerances: Tolerances) -> str:
    """Put in what the source leaves to the build: the helper, the points, the exercises' names."""
    if "visible-checks" in cell.metadata.get("tags", []):
        own = f"\n_checks.TOLERANCES.update({dict(tolerances)!r})" if tolerances else ""
        return _MODULE.replace("{text}", _HELPER.read_text(encoding="utf-8").strip()) + own
    if "scorecard" in cell.metadata.get("tags", []):
        names = ", ".join(f'"{exercise}"' for exercise in checked)
        keys = _KEYS.format(script=_SCRIPT.read_text(encoding="utf-8").strip())
        return str(cell.source).replace("scorecard()", f"scorecard({names})") + keys
    if cell.metadata.get("nbgrader", {}).get("grade"):
        return re.sub(r"^(with visible_checks\(.*:)$", rf"\1{_RESTARTED}", cell.source, flags=re.M)
    grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
    exercise = grade_id.removesuffix("-statement")
    text = str(cell.source)
    return text.replace("{points}", f"{points[exercise]:g}") if exercise in points else text


def _dress(cell: Any) -> None:
    """Fold away the code of helper and scorecard; let a failed check not stop "Run All"."""
    tags = cell.metadata.get("tags", [])
    if {"visible-checks", "scorecard"} & set(tags):
        cell.metadata["jupyter"] = {"source_hidden": True}  # JupyterLab and Notebook 7
        cell.metadata["cellView"] = "form"  # Colab; VS Code has no word for it
    if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("grade"):
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

"""nbgrader and otter-grader as their documentation sets them up, on three exercises of a1_layers.

Each exercise is tested with one example that students see and one that they do not, and each test
compares shape and values. nbgrader gets a master notebook with hidden tests between its marks,
otter one with ``# HIDDEN`` test cells in its default format; every other setting is the default.
Both tools run students' code with the rights of whoever starts them. The wall around them here
(a read-only machine, a private /tmp, no network) protects this machine, and hides from the tools
nothing of their own. ``otter run`` has no limit of time: it is stopped after two minutes.
"""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import nbformat
from nbformat.v4 import new_code_cell, new_notebook, new_raw_cell

from autograder.model import Exercise
from tests.support import cases, forms
from tests.support.cases import ASSIGNMENT, Case

BIN = Path(sys.executable).parent
SECONDS = 120
SETUP = "import torch\nimport torch.nn.functional as F\nfrom torch import Tensor, nn"
SEEN = {
    "input_batch": """
expected = torch.tensor([[1.0, 2.5], [3.0, 4.0]])
result = input_batch([[1, 2.5], [3, 4]])
""",
    "linear": """
x, weight = torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0, 4.0], [5.0, 6.0], [7.0, 8.0]])
expected = torch.tensor([[11.0, 17.0, 24.0]])
result = linear(x, weight, torch.tensor([0.0, 0.0, 1.0]))
""",
    "head_for": """
assert head_for("multiclass", 7) == (7, "softmax")
""",
}
HIDDEN = {
    "input_batch": """
expected = torch.tensor([[7.0, 8.0, 9.0]])
result = input_batch([[7, 8, 9]])
""",
    "linear": """
x, weight = torch.tensor([[[0.0, 1.0, 2.0]]]), torch.tensor([[1.0, 0.0, -1.0], [0.5, 2.0, 0.0]])
expected = torch.tensor([[[-2.0, 2.0]]])
result = linear(x, weight, None)
""",
    "head_for": """
assert head_for("regression") == (1, "none")
assert head_for("binary") == (1, "sigmoid")
""",
}
COMPARED = "assert result.shape == expected.shape\nassert torch.allclose(result, expected)"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
EXERCISES = [e for e in cases.assignment().exercises if e.id in SEEN]


class Grader(Protocol):
    """A tool that grades what one student submits."""

    name: str

    def score(self, case: Case) -> float:
        """The points that the tool gives for a case; none when it gives no grade."""


def compared(body: str) -> str:
    """An example with its comparison, as a teacher would write it."""
    return body.strip() if "assert" in body else f"{body.strip()}\n{COMPARED}"


# --- what the student submits --------------------------------------------------------------------


def handed_in(release: Any, case: Case) -> bytes:
    """The tool's student notebook with the cells of a case in their places, saved in its form."""
    groups, trailing = _grouped(case.cells)
    cells: list[Any] = []
    for cell in release["cells"]:
        name = _name(cell)
        if name in groups or name in SEEN:  # an answer that is not there was lost
            cells += [_with_source(cell, mine) for mine in groups.get(name, [])]
        else:
            cells.append(cell)
    cells += [new_code_cell(cell.source) for cell in trailing]
    for cell in cells:
        cell.pop("id", None)  # format 4.4: a copied cell keeps its metadata and nothing else
    return forms.NOTEBOOKS[case.form]({**release, "cells": cells, "nbformat_minor": 4})


def _grouped(cells: Iterable[forms.Cell]) -> tuple[dict[str, list[forms.Cell]], list[forms.Cell]]:
    """The cells that stand in place of each named one, scratch cells above it included."""
    groups: dict[str, list[forms.Cell]] = {}
    waiting: list[forms.Cell] = []
    for cell in cells:
        waiting.append(cell)
        if cell.grade_id:
            groups.setdefault(cell.grade_id, []).extend(waiting)
            waiting = []
    return groups, waiting


def _with_source(like: Any, mine: forms.Cell) -> Any:
    if mine.grade_id is None:
        return new_code_cell(mine.source)
    return {**copy.deepcopy(like), "source": mine.source}


_ANSWER = re.compile(r"^def (\w+)\(", re.MULTILINE)
_CHECK = re.compile(r'^grader\.check\("(\w+)"\)')


def _name(cell: Any) -> str:
    """What a case calls a cell: by nbgrader's mark, or by what the cell holds."""
    if marks := cell["metadata"].get("nbgrader"):
        return str(marks["grade_id"])
    if found := _CHECK.search(cell["source"]):
        return f"{found[1]}-check"
    found = _ANSWER.search(cell["source"])
    return found[1] if found else "setup" if cell["source"] == SETUP else ""


# --- the tools ------------------------------------------------------------------------------------


def _sandbox(command: Sequence[str], folder: Path) -> bool:
    """Run a tool in its folder, behind a wall that keeps the machine safe; say whether it ended."""
    wall = ["bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp",
            "--bind", str(folder), str(folder), "--unshare-pid", "--unshare-net", "--new-session",
            "--die-with-parent", "--chdir", str(folder)]  # fmt: skip
    try:
        subprocess.run([*wall, *command], env=_environment(folder), capture_output=True,
                       check=False, timeout=SECONDS)  # fmt: skip
    except subprocess.TimeoutExpired:
        return False
    return True


def _environment(home: Path) -> dict[str, str]:
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"  # both tools call helpers by their names
    return {"PATH": path, "HOME": str(home), "LC_ALL": "C.UTF-8"}


def _prepared(command: Sequence[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, env=_environment(folder), check=True, capture_output=True)


@dataclass
class NbGrader:
    """``nbgrader autograde``: it executes the notebook in a kernel and reads the test cells."""

    folder: Path
    name: str = "nbgrader"

    def __post_init__(self) -> None:
        course = self.folder / "course"
        master = course / "source" / ASSIGNMENT
        master.mkdir(parents=True)
        (course / "nbgrader_config.py").write_text("get_config().CourseDirectory.course_id = 'c'\n")
        nbformat.write(self.master(), master / f"{ASSIGNMENT}.ipynb")
        _prepared([str(BIN / "nbgrader"), "generate_assignment", ASSIGNMENT, "--create"], course)
        release = course / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
        self.release = nbformat.read(release, as_version=4)

    @staticmethod
    def master() -> Any:
        """The teacher's notebook."""
        cells = [cell for exercise in EXERCISES for cell in _with_hidden_tests(exercise)]
        return new_notebook(cells=[_marked(SETUP, "setup", locked=True), *cells], metadata=METADATA)

    def score(self, case: Case) -> float:
        """Grade in a course of its own, so that no case can leave anything to the next."""
        course = self.folder / case.name
        shutil.copytree(self.folder / "course", course)
        path = course / "submitted" / "student" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(handed_in(self.release, case))
        _sandbox(["nbgrader", "autograde", ASSIGNMENT, "--create"], course)
        return _in_gradebook(course / "gradebook.db")


def _with_hidden_tests(exercise: Exercise) -> list[Any]:
    """nbgrader's cells of one exercise: the answer, and a test cell with a part that is hidden."""
    seen, hidden = compared(SEEN[exercise.id]), compared(HIDDEN[exercise.id])
    tests = f"{seen}\n### BEGIN HIDDEN TESTS\n{hidden}\n### END HIDDEN TESTS"
    marks = {"grade": True, "locked": True, "points": exercise.points}
    return [
        _marked(exercise.answer.source, exercise.id, solution=True),
        _marked(tests, f"{exercise.id}-check", **marks),
    ]


def _marked(source: str, name: str, **marks: Any) -> Any:
    """A cell with nbgrader's marks."""
    known = {"schema_version": 3, "grade_id": name, "grade": False, "locked": False, "task": False,
             "solution": False}  # fmt: skip
    return new_code_cell(source, metadata={"nbgrader": known | marks})


def _in_gradebook(path: Path) -> float:
    """The score that the gradebook shows."""
    from nbgrader.api import Gradebook, MissingEntry

    with Gradebook(f"sqlite:///{path}") as gradebook:
        try:
            return float(gradebook.find_submission(ASSIGNMENT, "student").score)
        except MissingEntry:
            return 0.0


@dataclass
class Otter:
    """``otter run`` with the zip of ``otter assign``: it checks in the notebook's own kernel."""

    folder: Path
    name: str = "otter"

    def __post_init__(self) -> None:
        (self.folder / "made").mkdir(parents=True)
        nbformat.write(self.master(), self.folder / f"{ASSIGNMENT}.ipynb")
        command = [str(BIN / "otter"), "assign", "--no-pdfs", f"{ASSIGNMENT}.ipynb", "made"]
        _prepared(command, self.folder)
        release = self.folder / "made" / "student" / f"{ASSIGNMENT}.ipynb"
        self.release = nbformat.read(release, as_version=4)
        (self.archive,) = (self.folder / "made" / "autograder").glob("*.zip")

    @staticmethod
    def master() -> Any:
        """The teacher's notebook."""
        cells = [cell for exercise in EXERCISES for cell in _as_question(exercise)]
        config = new_raw_cell("# ASSIGNMENT CONFIG\nexport_cell: false")
        return new_notebook(cells=[config, new_code_cell(SETUP), *cells], metadata=METADATA)

    def score(self, case: Case) -> float:
        """Grade in a folder of its own."""
        folder = self.folder / case.name
        (folder / "out").mkdir(parents=True)
        path = folder / f"{ASSIGNMENT}.ipynb"
        path.write_bytes(handed_in(self.release, case))
        shutil.copy(self.archive, folder / "autograder.zip")
        command = ["otter", "run", path.name, "-a", "autograder.zip", "-o", "out", "--no-logo"]
        found = folder / "out" / "results.json"
        if not _sandbox(command, folder) or not found.is_file():
            return 0.0
        return float(sum(each.get("score", 0) for each in json.loads(found.read_text())["tests"]))


def _as_question(exercise: Exercise) -> list[Any]:
    """Otter's cells of one exercise: the answer, a public test and a hidden one."""
    about = f"# BEGIN QUESTION\nname: {exercise.id}\npoints: {exercise.points:g}"
    return [
        new_raw_cell(about),
        new_raw_cell("# BEGIN SOLUTION"),
        new_code_cell(exercise.answer.source.replace("### ", "# ")),
        new_raw_cell("# END SOLUTION"),
        new_raw_cell("# BEGIN TESTS"),
        new_code_cell(compared(SEEN[exercise.id])),
        new_code_cell(f"# HIDDEN\n{compared(HIDDEN[exercise.id])}"),
        new_raw_cell("# END TESTS"),
        new_raw_cell("# END QUESTION"),
    ]

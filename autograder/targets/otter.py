"""The master notebook for ``otter assign``, and the run of it that makes otter's zip."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from autograder.errors import AuthorError
from autograder.model import Assignment, Exercise
from autograder.targets.options import Visibility
from autograder.targets.release import Tolerances, master
from autograder.targets.tree import Tree, write

_BEGIN = re.compile(r"^( *)### BEGIN SOLUTION *$", re.MULTILINE)
_END = re.compile(r"^( *)### END SOLUTION *$", re.MULTILINE)
_PROMPT = '\\1""" # BEGIN PROMPT\n\\1# YOUR CODE HERE\n\\1raise NotImplementedError()\n'
_PLUGIN = "autograder.integrations.otter.SandboxedGrading"
_COURSE = "course"


def otter(
    assignment: Assignment,
    source: str,
    engine: Tree,
    hidden_checks: Visibility,
    tolerances: Tolerances,
) -> Tree:
    """Return dist/otter/<name>/master: otter's master notebook and the course's files beside it."""
    import nbformat

    notebook = _master(assignment, master(assignment, source, tolerances), hidden_checks)
    text: str = nbformat.writes(notebook, version=4)  # type: ignore[no-untyped-call]
    folder = f"dist/otter/{assignment.name}/master"
    files = {f"{folder}/{_COURSE}/{path}": content for path, content in engine.items()}
    return {f"{folder}/{assignment.name}.ipynb": f"{text}\n".encode(), **files}


def _master(assignment: Assignment, notebook: Any, hidden_checks: Visibility) -> Any:
    by_id = {e.answer.grade_id: e for e in assignment.exercises}
    checks = {e.check.grade_id for e in assignment.exercises}
    cells = [_raw(_config(assignment, hidden_checks))]
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if grade_id in by_id:
            cells += _question(by_id[grade_id], cell)
        elif grade_id in checks:
            cells += _tests(cell)
        else:
            cells.append(cell)
    notebook.cells = cells
    return notebook


def _config(assignment: Assignment, hidden_checks: Visibility) -> str:
    """The assignment's configuration; JSON is YAML that needs no library."""
    settings = {"assignment": assignment.name}
    shown = hidden_checks is not Visibility.HIDDEN  # otter knows: hidden, or after published
    config = {
        "check_all_cell": False,
        "export_cell": {"pdf": False, "filtering": False},
        "tests": {"ok_format": False},
        "generate": {"show_hidden": shown, "force_public_test_summary": True},
        "plugins": [{_PLUGIN: settings}],
        "requirements": [f"/autograder/source/files/{_COURSE}"],
        "autograder_files": [_COURSE],
    }
    return f"# ASSIGNMENT CONFIG\n{json.dumps(config, indent=1)}"


def _question(exercise: Exercise, cell: Any) -> list[Any]:
    config = {"name": exercise.id, "points": _points(exercise)}
    cell.source = _marked(cell.source)
    return [
        _raw(f"# BEGIN QUESTION\n{json.dumps(config)}"),
        _raw("# BEGIN SOLUTION"),
        cell,
        _raw("# END SOLUTION"),
    ]


def _points(exercise: Exercise) -> float | int:
    return int(exercise.points) if exercise.points.is_integer() else exercise.points


def _marked(text: str) -> str:
    """Otter's marks around a solution, with our stub as its prompt."""
    text = _BEGIN.sub(rf'{_PROMPT}\1""" # END PROMPT\n\1# BEGIN SOLUTION NO PROMPT', text)
    return _END.sub(r"\1# END SOLUTION", text)


def _tests(cell: Any) -> list[Any]:
    """The visible check as otter's one public test of the question."""
    import nbformat

    body = cell.source.replace("\n", "\n    ")
    test = f"def test_visible(env):\n    globals().update(env)\n    {body}\n"
    tests = nbformat.v4.new_code_cell(test)  # type: ignore[no-untyped-call]
    return [_raw("# BEGIN TESTS"), tests, _raw("# END TESTS"), _raw("# END QUESTION")]


def _raw(text: str) -> Any:
    import nbformat

    return nbformat.v4.new_raw_cell(text)  # type: ignore[no-untyped-call]


def assign(tree: Tree, root: Path, name: str) -> list[str]:
    """Write the master and run ``otter assign`` on it; return what there is to hand out."""
    write(tree, root)
    folder = root / "dist" / "otter" / name
    command = [sys.executable, "-m", "otter", "assign", "--no-pdfs", "--no-run-tests",
               str(folder / "master" / f"{name}.ipynb"), str(folder)]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AuthorError(
            f"{name}", f"otter assign refused it: {(done.stderr or done.stdout)[-800:]}",
            "Is otter-grader installed? Fix what it names.",
        )  # fmt: skip
    made = [*folder.glob("student/*.ipynb"), *folder.glob("autograder/*.zip")]
    return sorted(str(path.relative_to(root)) for path in made)

"""Finds the notebooks of another tool's course, and turns each into an assignment."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from autograder.course.layout import Course
from autograder.errors import UsageError
from autograder.integrations.imports import nbgrader_source, otter_master
from autograder.integrations.imports.write import Imported, assignment, assignment_name, put

_MADE = {"release", "autograded", "feedback", "submitted", "dist", "student", ".ipynb_checkpoints"}


def import_folder(folder: Path, course: Course) -> Iterator[Imported]:
    """Write an assignment for each notebook of a folder, or for one notebook, into the course.

    Raises:
        UsageError: no notebook of nbgrader's or otter's is there, or an assignment exists.
    """
    if not folder.exists():
        raise UsageError(f"{folder}: there is no such folder or notebook. Correct the path.")
    found = False
    for path in _notebooks(folder):
        if imported := _imported(path, folder):
            found = True
            home = course.root / "source" / imported.name
            if home.exists():
                raise UsageError(
                    f"{home}: there is such an assignment already. Rename one of them."
                )
            put(imported, home)
            yield imported
    if not found:
        raise UsageError(
            f"{folder}: no notebook there has nbgrader's marks or otter's # BEGIN QUESTION. Name "
            "the folder of source or master notebooks."
        )


def _notebooks(folder: Path) -> list[Path]:
    if folder.is_file():
        return [folder]
    if (folder / "source").is_dir():
        folder = folder / "source"
    paths = folder.rglob("*.ipynb")
    return sorted(p for p in paths if not _MADE.intersection(p.relative_to(folder).parts))


def _imported(path: Path, folder: Path) -> Imported | None:
    cells = _cells(path)
    siblings = len(list(path.parent.glob("*.ipynb")))
    above = [path.parent.name] if path.parent not in (folder, folder / "source") else []
    name = assignment_name(*(above if above and siblings == 1 else [*above, path.stem]))
    if otter_master.is_master(cells):
        return assignment(otter_master.read(name, cells))
    if nbgrader_source.is_source(cells):
        return assignment(nbgrader_source.read(name, cells))
    return None


def _cells(path: Path) -> list[Any]:
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise UsageError(
            f"{path}: it is no notebook of version 4. Save it again in Jupyter."
        ) from None
    return [cell for cell in cells if isinstance(cell, dict) and "source" in cell]

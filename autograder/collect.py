"""Finds submissions: single files, folders of notebooks, and nbgrader's submitted/ trees."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from autograder.errors import UsageError
from autograder.model import Job

_KINDS = {".ipynb", ".py", ".zip", ".html", ".pdf"}


def find(paths: Iterable[Path], assignments: list[str], only: str | None) -> dict[str, list[Job]]:
    """Return the submissions of each assignment, in a stable order."""
    found: dict[str, list[Job]] = {}
    for path in paths:
        if not path.exists():
            raise UsageError(f"{path}: there is no such file or folder. Check the path.")
        for assignment, job in _jobs(path, assignments, only):
            found.setdefault(assignment, []).append(job)
    if not any(found.values()):
        raise UsageError(
            "No submission was found. Name a notebook, a folder of notebooks, or a tree like "
            "submitted/<student>/<assignment>/<notebook>.ipynb."
        )
    return {name: sorted(jobs, key=lambda job: job.student) for name, jobs in found.items()}


def _jobs(path: Path, assignments: list[str], only: str | None) -> Iterator[tuple[str, Job]]:
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if _is_submission(p))
    for file in files:
        named = _assignment(file, assignments)
        if only is not None and named not in (None, only):
            continue
        name = only or named
        if name is None:
            known = ", ".join(assignments)
            raise UsageError(f"{file}: which assignment is it? Add --assignment (of {known}).")
        yield name, Job(_student(file, name), file)


def _is_submission(path: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.parts[-3:])
    return path.suffix.lower() in _KINDS and path.is_file() and not path.is_symlink() and not hidden


def _assignment(file: Path, assignments: list[str]) -> str | None:
    """The assignment that a path names: its folder, the file's beginning, the folder above."""
    for part in (file.parent.name, file.stem, file.parent.parent.name):
        for name in assignments:
            if part.startswith(name):
                return name
    return None


def _student(file: Path, assignment: str) -> str:
    """Whose file it is: the folder above the assignment's, else the file's own name."""
    if file.parent.name == assignment:
        return file.parent.parent.name
    return file.stem.removeprefix(assignment).strip("_- ") or file.stem

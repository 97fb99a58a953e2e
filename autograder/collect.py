"""Finds submissions: files, folders, nbgrader's trees, and what an LMS makes of a class."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from autograder.errors import UsageError
from autograder.integrations import lms
from autograder.model import Job


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
    for file, found in _files(path):
        named = _assignment(file, found.file if found else file.name, assignments)
        if only is not None and named not in (None, only):
            continue
        name = only or named
        if name is None:
            known = ", ".join(assignments)
            raise UsageError(f"{file}: which assignment is it? Add --assignment (of {known}).")
        yield name, Job(found.student if found else _student(file, name), file)


def _files(path: Path) -> Iterator[tuple[Path, lms.HandedIn | None]]:
    """Files, and whose they are where an LMS or an exchange says so; of attempts, the last."""
    if path.suffix.lower() == ".zip" and path.is_file() and lms.is_download(path):
        unpacked = Path(tempfile.mkdtemp(prefix="autograder-"))
        atexit.register(shutil.rmtree, unpacked, ignore_errors=True)
        yield from lms.unpack(path, unpacked)
        return
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if _is_submission(p))
    said = {file: lms.recognise(file.relative_to(path.parent).as_posix()) for file in files}
    last = {said[file] or file: file for file in files}
    yield from ((file, said[file]) for file in last.values())


def _is_submission(path: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.parts[-3:])
    return (
        path.suffix.lower() in lms.KINDS and path.is_file() and not path.is_symlink() and not hidden
    )


def _assignment(file: Path, title: str, assignments: list[str]) -> str | None:
    """The assignment that a path names: its folder, the file's beginning, the folder above."""
    for part in (file.parent.name, title, file.parent.parent.name):
        for name in assignments:
            if part.startswith(name):
                return name
    return None


def _student(file: Path, assignment: str) -> str:
    """Whose file it is: the folder above the assignment's, else the file's own name."""
    if file.parent.name == assignment:
        return file.parent.parent.name
    return file.stem.removeprefix(assignment).strip("_- ") or file.stem

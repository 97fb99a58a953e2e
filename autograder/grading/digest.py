"""The digest of everything that a score depends on, beside the submission."""

from __future__ import annotations

import ast
import functools
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from autograder.course.layout import Course
from autograder.course.source import read_release
from autograder.sandbox.bubblewrap import PACKAGE

# The engine's code that decides a score: these rooms but for some files, and some files beside.
_ROOMS = ("authoring", "grading", "sandbox")
_BUT = "grading/verify.py grading/pytest_plugin.py sandbox/tiers.py".split()
_BESIDE = (
    "course/source.py model.py submissions/archives.py submissions/assigned.py "
    "submissions/cells.py submissions/conflict.py submissions/formats.py submissions/marimo.py "
    "submissions/pages.py submissions/read.py submissions/strip_outputs.py submissions/wrapped.py"
).split()


def graders_sha256(course: Course, assignment: str) -> str:
    """Name the graders of an assignment: with equal digests, equal files earn equal scores.

    It covers the assignment's checks, mistakes, reference and release, the course's settings and
    the engine's code that grades. Comments and the layout of code do not change it.
    """
    codes = (course.graders(assignment), course.mistakes(assignment), course.solution(assignment))
    parts = [_digest(path, _code) for path in codes]
    parts += [_digest(course.release(assignment), _of_release)]
    return _sha256(*parts, repr(course.config.sandbox), _engine())


@functools.cache
def _engine() -> str:
    left_out = {PACKAGE / name for name in _BUT}
    rooms = [path for room in _ROOMS for path in sorted((PACKAGE / room).rglob("*.py"))]
    files = [path for path in rooms if path not in left_out]
    files += [PACKAGE / name for name in _BESIDE]
    return _sha256(*map(_code_without_docstrings, files))


def _sha256(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _digest(path: Path, read: Callable[[Path], str]) -> str:
    """The digest of what is read from a file, until the file changes; empty where it is absent.

    The live service asks several times for each submission.
    """
    if not path.is_file():
        return ""
    state = path.stat()
    return _read(path, state.st_mtime_ns, state.st_size, read)


@functools.lru_cache(256)
def _read(path: Path, changed: int, size: int, read: Callable[[Path], str]) -> str:
    """``changed`` and ``size`` tell one version of the file from another."""
    return _sha256(read(path))


def _code(path: Path) -> str:
    """A file's code as Python reads it, without comments and layout."""
    return ast.dump(ast.parse(path.read_text(encoding="utf-8")))


def _code_without_docstrings(path: Path) -> str:
    """The same without docstrings: those of graders are what students read, the engine's not."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
            node.body = node.body[ast.get_docstring(node, clean=False) is not None :]
    return ast.dump(tree)


def _of_release(path: Path) -> str:
    """What of a release notebook decides a score: its code cells, ids and points."""
    code = (cell for cell in read_release(path).cells if cell.kind == "code")
    return json.dumps([[c.source, c.grade_id, c.points, c.grade, c.solution, c.tags] for c in code])

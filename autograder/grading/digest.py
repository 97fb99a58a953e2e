"""The digest of everything that a score depends on, beside the submission."""

from __future__ import annotations

import ast
import functools
import hashlib
import json
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
    parts = [_code(course.graders(assignment)), _code(course.mistakes(assignment))]
    parts += [_code(course.solution(assignment)), _of_release(course.release(assignment))]
    parts += [repr(course.config.sandbox), _engine()]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@functools.cache
def _engine() -> str:
    left_out = {PACKAGE / name for name in _BUT}
    rooms = [path for room in _ROOMS for path in sorted((PACKAGE / room).rglob("*.py"))]
    files = [path for path in rooms if path not in left_out]
    codes = [_code(path, docstrings=False) for path in (*files, *(PACKAGE / n for n in _BESIDE))]
    return hashlib.sha256("\0".join(codes).encode()).hexdigest()


def _code(path: Path, *, docstrings: bool = True) -> str:
    """A file's code as Python reads it, without comments and layout; empty where it is absent.

    The docstrings of graders are what students read; the engine's own change nothing.
    """
    if not path.is_file():
        return ""
    state = path.stat()
    return _parsed(path, state.st_mtime_ns, state.st_size, docstrings=docstrings)


@functools.lru_cache(256)
def _parsed(path: Path, changed: int, size: int, *, docstrings: bool) -> str:
    """``changed`` and ``size`` tell one version of the file from another."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree) if not docstrings else ():
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
            node.body = node.body[ast.get_docstring(node, clean=False) is not None :]
    return ast.dump(tree)


def _of_release(path: Path) -> str:
    """What of a release notebook decides a score: its code cells, ids and points."""
    cells = read_release(path).cells if path.is_file() else ()
    code = (cell for cell in cells if cell.kind == "code")
    return json.dumps([[c.source, c.grade_id, c.points, c.grade, c.solution, c.tags] for c in code])

"""The engine with one assignment's hidden files, as a Tree that grades wherever it is unpacked."""

from __future__ import annotations

from pathlib import Path

from autograder.build.tree import Tree
from autograder.course import PACKAGE, Course

_LEFT_OUT = {"__pycache__", "graders", "mistakes"}
_PROJECT = ("pyproject.toml", "constraints.txt", "README.md", "LICENSE", "nbgrader_config.py")


def engine(course: Course, name: str) -> Tree:
    """The package, the hidden checks and the bank of one assignment, its reference and release."""
    root = PACKAGE.parent
    files = [path for path in PACKAGE.rglob("*") if path.is_file() and not _left_out(path)]
    tree = {str(path.relative_to(root)): path.read_bytes() for path in files}
    for path in (course.graders(name), course.bank(name)):
        tree[str(path.relative_to(root))] = path.read_bytes()
    for path in (course.solution(name), course.release(name)):
        tree[str(path.relative_to(course.root))] = path.read_bytes()
    project = (root / each for each in _PROJECT)
    return tree | {path.name: path.read_bytes() for path in project if path.is_file()}


def _left_out(path: Path) -> bool:
    return bool(_LEFT_OUT & set(path.relative_to(PACKAGE).parts))

"""The reference as a plain, importable module."""

from __future__ import annotations

from autograder.build.tree import Tree
from autograder.model import Assignment
from autograder.module import module_text


def solutions(assignment: Assignment) -> Tree:
    """Return solutions/<name>.py from an assignment parsed from its source."""
    head = (
        f'"""Reference solutions of {assignment.name}: generated from its source, do not edit."""'
    )
    return {f"solutions/{assignment.name}.py": f"{head}\n\n{module_text(assignment)}".encode()}

"""What an imported notebook is made of, whatever tool it was written for."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field

_MAGIC = re.compile(r"^[ \t]*[%!].*$", re.MULTILINE)


@dataclass(frozen=True)
class Test:
    """One test cell: all of its code, the part that students see, and its points."""

    label: str
    code: str
    visible: str
    points: float


@dataclass
class Question:
    """One answer cell, with our marks around the solution, and its tests."""

    statement: str
    answer: str
    tests: list[Test] = field(default_factory=list)
    label: str = ""

    @property
    def names(self) -> list[str]:
        """What the answer binds, in its order."""
        return bound(self.answer)

    @property
    def points(self) -> float:
        """Of all its tests."""
        return sum(test.points for test in self.tests)


@dataclass(frozen=True)
class Given:
    """A cell that students are given as it is."""

    kind: str  # "markdown" or "code"
    source: str


@dataclass
class Draft:
    """A notebook that was read, and what is to be said about it."""

    name: str
    parts: list[Question | Given] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def questions(self) -> list[Question]:
        """The parts that are answered."""
        return [part for part in self.parts if isinstance(part, Question)]


def python(text: str) -> ast.Module | None:
    """The code as Python reads it, without what only Jupyter understands; None if it cannot."""
    try:
        return ast.parse(plain(text))
    except (SyntaxError, ValueError):
        return None


def plain(text: str) -> str:
    """Code without the lines that only Jupyter understands."""
    return _MAGIC.sub("", text)


def bound(text: str) -> list[str]:
    """The names that code binds at its top level, in its order."""
    tree = python(text)
    names = [name for node in tree.body for name in _bound_by(node)] if tree else []
    return list(dict.fromkeys(names))


def _bound_by(node: ast.stmt) -> list[str]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return []
    stored = [n for n in ast.walk(node) if isinstance(n, ast.Name)]
    return [name.id for name in stored if isinstance(name.ctx, ast.Store)]


def used(text: str) -> set[str]:
    """The names that code reads."""
    tree = python(text)
    return {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} if tree else set()


def joined(draft: Draft) -> Draft:
    """The draft with each answer that has no test put in front of the next one.

    Its helpers are the students' to write as well, and are tested with what needs them.
    """
    parts: list[Question | Given] = []
    waiting: list[Question] = []
    for part in draft.parts:
        if not isinstance(part, Question):
            parts.append(part)
        elif not part.tests:
            waiting.append(part)
            parts.append(Given("markdown", part.statement))
        else:
            part.answer = "\n\n".join([*(one.answer for one in waiting), part.answer])
            waiting = []
            parts.append(part)
    draft.remarks += [f"{one.label}: no test looks at this answer; left out" for one in waiting]
    draft.parts = [part for part in parts if isinstance(part, Question) or part.source.strip()]
    return draft

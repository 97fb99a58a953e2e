"""The decorators of the bank: known slips with their tutor line, and other right solutions.

They prove the graders (every slip must fail, every alternative must pass) and name the slip in a
student's report: the first one whose answers equal the student's on every recorded call.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, TypeVar

from autograder.errors import AuthorError
from autograder.sandbox.code_slice import code_slice

_F = TypeVar("_F", bound=Callable[..., Any])
_MARK = "_bank"


@dataclass(frozen=True)
class Entry:
    """One solution in the bank; ``tutor`` is None for an alternative that is right."""

    exercise: str
    name: str
    tutor: str | None
    function: Callable[..., Any]

    @property
    def source(self) -> str:
        """The solution as an answer cell: what it needs of its file, and its def, renamed."""
        text = code_slice(self.function)
        return text.replace(f"def {self.name}(", f"def {self.exercise}(", 1)


def mistake(exercise: str, tutor: str) -> Callable[[_F], _F]:
    """Mark a function as a known slip in an exercise.

    Args:
        exercise: the exercise's id; the function takes its arguments.
        tutor: what a good tutor would say: a question that points at the slip and does not give
            the answer. A student reads it whose answers equal the function's on every check.

    The function may use helpers, constants and imports of its own file.

    Example:
        ``@mistake("half", "What is half of four?")``
    """
    return _marked(exercise, tutor)


def alternative(exercise: str) -> Callable[[_F], _F]:
    """Mark a function as another right way to solve an exercise: it must pass every check.

    Args:
        exercise: the exercise's id; the function takes its arguments.
    """
    return _marked(exercise, None)


def _marked(exercise: str, tutor: str | None) -> Callable[[_F], _F]:
    def mark(function: _F) -> _F:
        setattr(function, _MARK, Entry(exercise, function.__name__, tutor, function))
        return function

    return mark


def entries(module: ModuleType) -> list[Entry]:
    """All entries of a bank file in file order; refuses a name that is used twice."""
    text = inspect.getsource(module)
    names = [node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    for name in names:
        if names.count(name) > 1:
            where = str(module.__file__)
            remedy = "Give one of them another name."
            raise AuthorError(where, f"two entries are named {name}", remedy)
    found = (getattr(getattr(module, name), _MARK, None) for name in names)
    return [entry for entry in found if entry is not None]

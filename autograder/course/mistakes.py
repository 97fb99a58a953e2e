"""The decorators of the bank: known mistakes with their tutor line, and other right solutions.

They prove the graders (every slip must fail, every alternative must pass) and name the slip in a
student's report: the first one whose answers equal the student's on every recorded call.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from types import ModuleType
from typing import Any, TypeVar

from autograder.errors import AuthorError
from autograder.sandbox.code_slice import code_slice

_F = TypeVar("_F", bound=Callable[..., Any])
_MARK = "_bank"
_DEFINED = (ast.FunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Entry:
    """One solution in the bank; ``tutor`` is None for an alternative that is right."""

    exercise: str
    name: str
    tutor: str | None
    function: Callable[..., Any]
    breaks: str | None = None  # the only fact that is wrong, where the values are right

    @property
    def source(self) -> str:
        """The solution as an answer cell: what it needs of its file, and its def, renamed."""
        text = code_slice(self.function)
        begins = rf"^(def|class) +{re.escape(self.name)}\b"
        return re.sub(begins, rf"\1 {self.exercise}", text, count=1, flags=re.MULTILINE)


def mistake(exercise: str, tutor: str, breaks: str | None = None) -> Callable[[_F], _F]:
    """Mark a function, or a class, as a known mistake in an exercise.

    Args:
        exercise: the exercise's id; the function takes its arguments.
        tutor: what a good tutor would say: a question that points at the mistake and does not give
            the answer. A student reads it whose answers equal the function's on every check. Where
            another check fails, too, a beginning like "Your values are right, but" is left out, and
            a line that says where the answer is right ("only", "except") is not told.
        breaks: the one fact that is wrong, where the values are right: "dtype", "type", "shape",
            "device", "requires_grad", "changed" or "keys". ``verify`` then refuses that the
            mistake costs more than half, nothing, or a check about something else.

    The function may use helpers, constants and imports of its own file.

    Example:
        ``@mistake("half", "What is half of four?")``
    """
    return _marked(exercise, tutor, breaks)


def alternative(exercise: str) -> Callable[[_F], _F]:
    """Mark a function or class as another right way to solve an exercise: it must pass all checks.

    Args:
        exercise: the exercise's id; the function takes its arguments.
    """
    return _marked(exercise, None)


def _marked(exercise: str, tutor: str | None, breaks: str | None = None) -> Callable[[_F], _F]:
    def mark(function: _F) -> _F:
        if tutor is not None and not tutor.strip():
            remedy = "Write what a tutor would say to who made it."
            raise AuthorError(_where(function), "this mistake has no tutor line", remedy)
        setattr(function, _MARK, Entry(exercise, function.__name__, tutor, function, breaks))
        return function

    return mark


def _where(function: Callable[..., Any]) -> str:
    lines = inspect.getsourcelines(function)[1]
    return f"{inspect.getsourcefile(function)}:{lines}"


def entries(module: ModuleType, exercises: Collection[str] | None = None) -> list[Entry]:
    """All entries of a bank file in file order.

    Raises:
        AuthorError: a name is used twice, or an entry belongs to none of the exercises, where
            these are given.
    """
    text = inspect.getsource(module)
    names = [node.name for node in ast.parse(text).body if isinstance(node, _DEFINED)]
    for name in names:
        if names.count(name) > 1:
            where = str(module.__file__)
            remedy = "Give one of them another name."
            raise AuthorError(where, f"two entries are named {name}", remedy)
    found = (vars(getattr(module, name)).get(_MARK) for name in names)
    bank = [entry for entry in found if entry is not None]
    for entry in bank:
        if exercises is not None and entry.exercise not in exercises:
            what = f"{entry.name} belongs to no exercise: {entry.exercise!r}"
            raise AuthorError(_where(entry.function), what, f"Use one of {', '.join(exercises)}.")
    return bank

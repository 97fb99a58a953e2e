"""An assignment's hidden checks: ordinary pytest functions, collected once and called directly.

The graders file is imported, and each of its ``test_`` functions called with the fixtures that it
names: ``student``, ``reference``, ``same`` and ``draw``. No pytest session is needed for that;
``grading.pytest_plugin`` lets pytest run the same file for its author.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from autograder.course.layout import load
from autograder.errors import AuthorError, InfrastructureError
from autograder.grading.compare import Mismatch, NotJudged, Unmet
from autograder.grading.draw import Draw, derived_seed
from autograder.grading.facts import Fact
from autograder.grading.handles import Handle, Same, quiet
from autograder.model import Assignment, Exercise, Status
from autograder.notebook import wording
from autograder.sandbox.answers import Stopped, StudentRaised

SECONDS = 5.0  # wall clock for the calls of one check, where its grader says nothing else
VISIBLE_SECONDS = 20.0  # the same for a visible check
FIXTURES = ("student", "reference", "same", "draw")
_OPTIONS = {"weight", "seconds", "about", "keeps"}
_MARKS = {"exercise", "slow"}


@dataclass(frozen=True)
class Finding:
    """What came of one check; ``noticed`` are facts that differ and are another check's subject."""

    status: Status
    message: str = ""  # what a student may read beside the check's sentence
    noticed: frozenset[Fact] = frozenset()


@dataclass(frozen=True)
class CheckItem:
    """One check, visible or hidden: what it grades, for how much, and within which time."""

    name: str
    exercise: str
    seconds: float
    hidden: bool
    weight: float = 0.0
    keeps: float = 1.0  # the share of the exercise's points that is left when it fails
    about: Fact | None = None  # the fact that it is about, where that is not the values
    sentence: str = wording.VISIBLE
    cell: str = ""  # a visible check's code
    slow: bool = False
    where: str = ""  # file and name of a hidden check, for its author
    function: Callable[..., None] | None = None  # a hidden check's

    def failure(self, student: Handle, reference: Handle, seed: int) -> Exception | None:
        """Run a hidden check; return the exception that ended it, or None when it passed."""
        assert self.function is not None
        fixtures = {
            "student": student,
            "reference": reference,
            "same": Same(student, reference),
            "draw": Draw(derived_seed(seed, self.name)),
        }
        wanted = {name: fixtures[name] for name in inspect.signature(self.function).parameters}
        try:
            with quiet():
                self.function(**wanted)
        except AuthorError as error:
            raise error.at(self.where) from error
        except pytest.skip.Exception as error:
            raise AuthorError(
                self.where, "a check cannot be skipped", "Remove the skip."
            ) from error
        except pytest.fail.Exception as error:
            return AssertionError(str(error))
        except Exception as error:
            return error
        return None


def outcome_of(error: Exception, seconds: float, about: Fact | None = None) -> Finding:
    """What came of a check, from the exception that ended it."""
    match error:
        case InfrastructureError() | AuthorError():
            raise error
        case NotJudged(fact=fact, names=names):
            return Finding(Status.NOT_JUDGED, wording.difference(fact, names))
        case Mismatch(fact=fact, names=names):
            return Finding(Status.FAILED, wording.difference(fact, names))
        case Unmet():
            return Finding(Status.FAILED, str(error))
        case StudentRaised(answer=answer) if answer.out_of_memory:
            message = wording.stopped(Status.OUT_OF_MEMORY, seconds)
            return Finding(Status.OUT_OF_MEMORY, message)
        case StudentRaised(answer=answer):
            # a check that stopped by itself, nobody knows why, has not even found a fault
            status = Status.CRASHED if wording.is_explained(answer) else Status.NOT_JUDGED
            return Finding(status, wording.raised(answer))
        case Stopped(status=status):
            return Finding(status, wording.stopped(status, seconds))
        case AssertionError() if about:
            return Finding(Status.FAILED, wording.difference(about))
        case _:
            return Finding(Status.FAILED, wording.difference(""))


def has_tripped(error: Exception) -> bool:
    """Whether the check's own code raised over an answer, instead of comparing it."""
    return not isinstance(error, (AssertionError, StudentRaised, Stopped))


# --- collecting ----------------------------------------------------------------------------------


def collect(path: Path, assignment: Assignment) -> list[CheckItem]:
    """All checks of an assignment, each exercise's visible one first, in the notebook's order.

    Raises:
        AuthorError: a check belongs to no exercise, has no sentence or asks for an unknown fixture.
    """
    hidden = collect_hidden(load(path), [exercise.id for exercise in assignment.exercises])
    graded = {item.exercise for item in hidden}
    for exercise in assignment.exercises:
        if exercise.id not in graded:
            remedy = f'Write one marked @pytest.mark.exercise("{exercise.id}").'
            raise AuthorError(str(path), f"there is no hidden check for {exercise.id!r}", remedy)
    return [
        item
        for exercise in assignment.exercises
        for item in (_visible(exercise), *(h for h in hidden if h.exercise == exercise.id))
    ]


def collect_hidden(module: ModuleType, exercises: Sequence[str]) -> list[CheckItem]:
    """The hidden checks of a graders file, in its order."""
    _refuse_shared_names(module)
    _refuse_computed_sentences(module)
    tests = [value for name, value in vars(module).items() if name.startswith("test_")]
    return [_item(function, exercises) for function in tests if inspect.isfunction(function)]


def _visible(exercise: Exercise) -> CheckItem:
    return CheckItem(
        name=f"visible {exercise.id}",
        exercise=exercise.id,
        seconds=VISIBLE_SECONDS,
        hidden=False,
        cell=exercise.check.source,
    )


def _item(function: Callable[..., None], exercises: Sequence[str]) -> CheckItem:
    where = f"{inspect.getsourcefile(function)}::{function.__name__}"
    marks = {mark.name: mark for mark in getattr(function, "pytestmark", ())}
    _refuse_unfit(function, marks, exercises, where)
    mark = marks["exercise"]
    return CheckItem(
        name=function.__name__,
        exercise=str(mark.args[0]),
        seconds=float(mark.kwargs.get("seconds", SECONDS)),
        hidden=True,
        weight=float(mark.kwargs.get("weight", 1.0)),
        keeps=float(mark.kwargs.get("keeps", 1.0)),
        about=Fact(mark.kwargs["about"]) if "about" in mark.kwargs else None,
        sentence=_sentence(function),
        slow="slow" in marks,
        where=where,
        function=function,
    )


def _sentence(function: Callable[..., None]) -> str:
    return (function.__doc__ or "").strip().split("\n")[0]


def _refuse_unfit(
    function: Callable[..., None], marks: dict[str, Any], exercises: Sequence[str], where: str
) -> None:
    mark = marks.get("exercise")
    if mark is None or not mark.args or mark.args[0] not in exercises:
        remedy = f'Mark it with @pytest.mark.exercise("..."), one of {", ".join(exercises)}.'
        raise AuthorError(where, "this check belongs to no exercise", remedy)
    if unknown := {*marks} - _MARKS or {*mark.kwargs} - _OPTIONS:
        remedy = (
            "Use exercise(id, weight=1, seconds=5, about=..., keeps=...) and slow; put several "
            "cases in one loop."
        )
        raise AuthorError(where, f"unknown mark or option: {', '.join(sorted(unknown))}", remedy)
    _refuse_unfit_options(mark.kwargs, where)
    if unknown := {*inspect.signature(function).parameters} - {*FIXTURES}:
        remedy = f"Available: {', '.join(FIXTURES)}."
        raise AuthorError(where, f"there is no fixture {', '.join(sorted(unknown))}", remedy)
    if not _sentence(function):
        remedy = "Begin its docstring with the sentence that students will read."
        raise AuthorError(where, "this check has no sentence", remedy)


def _refuse_unfit_options(options: dict[str, Any], where: str) -> None:
    about = options.get("about", Fact.VALUE)
    if about not in {*Fact}:
        raise AuthorError(where, f"about={about!r} is no fact", f"Use one of {', '.join(Fact)}.")
    for name in ("weight", "seconds", "keeps"):
        value = options.get(name, 0.5)
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if number and name == "keeps" and not 0 <= value < 1:
            raise AuthorError(where, f"keeps={value!r} is no share", "Use 0 or more, below 1.")
        if not number or (value <= 0 and name != "keeps"):
            raise AuthorError(
                where, f"{name}={value!r} is not a number above 0", f"Correct {name}."
            )


def _refuse_shared_names(module: ModuleType) -> None:
    """Of two functions with one name Python keeps the last: a check would be lost in silence."""
    body = ast.parse(inspect.getsource(module)).body
    names = [node.name for node in body if isinstance(node, ast.FunctionDef)]
    for node in body:
        where = f"{module.__file__}:{node.lineno}"
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            raise AuthorError(where, "checks in a class are not run", "Write them as functions.")
        if isinstance(node, ast.FunctionDef) and names.count(node.name) > 1:
            raise AuthorError(where, f"two functions are named {node.name}", "Rename one of them.")


def _refuse_computed_sentences(module: ModuleType) -> None:
    """What ``require`` says to students is written out, so that it can carry nothing hidden."""
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "require":
            sentence = node.args[1] if len(node.args) == 2 else None
            if not (isinstance(sentence, ast.Constant) and isinstance(sentence.value, str)):
                where = f"{module.__file__}:{node.lineno}"
                what = "the sentence of require() is not written out there"
                raise AuthorError(where, what, 'Write require(condition, "A sentence.").')

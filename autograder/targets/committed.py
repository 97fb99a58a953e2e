"""What is built and committed of an assignment: its release notebook and its reference."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from autograder.course.layout import Course
from autograder.course.source import module_text, read_source
from autograder.errors import AuthorError
from autograder.model import Assignment
from autograder.targets.release import release
from autograder.targets.tree import Tree


def tree(course: Course, name: str) -> Tree:
    """The committed files of one assignment: its release notebook and its reference."""
    assignment = read_source(course.source(name))
    refuse_incomplete(course, assignment)
    text = course.source(name).read_text(encoding="utf-8")
    notebook = release(assignment, text, course.config.tolerances, course.figures(name))
    return {**notebook, **solutions(assignment)}


def solutions(assignment: Assignment) -> Tree:
    """Return solutions/<name>.py from an assignment parsed from its source."""
    head = (
        f'"""Reference solutions of {assignment.name}: generated from its source, do not edit."""'
    )
    return {f"solutions/{assignment.name}.py": f"{head}\n\n{module_text(assignment)}".encode()}


def refuse_incomplete(course: Course, assignment: Assignment) -> None:
    """Refuse an exercise without a hidden check or a known mistake, and what is still TODO."""
    graders = course.graders(assignment.name)
    mistakes = course.mistakes(assignment.name)
    for path in (graders, mistakes):
        if not path.is_file():
            raise AuthorError(str(path), "there is no such file", "Write it beside the others.")
    if not assignment.exercises:
        remedy = f"Run: autograder new EXERCISE --in {assignment.name}"
        raise AuthorError(str(course.source(assignment.name)), "it has no exercise yet", remedy)
    _refuse_unfinished([course.source(assignment.name), graders, mistakes])
    for exercise in assignment.exercises:
        if f'exercise("{exercise.id}"' not in _squeezed(graders.read_text(encoding="utf-8")):
            remedy = f'Write a check marked @pytest.mark.exercise("{exercise.id}").'
            raise AuthorError(str(graders), f"no hidden check for {exercise.id!r}", remedy)
        if f'mistake("{exercise.id}"' not in _squeezed(mistakes.read_text(encoding="utf-8")):
            remedy = f'Write at least one function marked @mistake("{exercise.id}", ...).'
            raise AuthorError(str(mistakes), f"no known mistake for {exercise.id!r}", remedy)


def _refuse_unfinished(paths: Sequence[Path]) -> None:
    """Name every TODO that is left, so that an author sees how far there is to go."""
    left = [
        (f"{path}:{number}", line.strip())
        for path in paths
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if "TODO" in line
    ]
    if left:
        (where, line), *others = left
        more = "".join(f"\n  {place}: {text}" for place, text in others)
        remedy = "Write it, remove the TODO, and build again."
        raise AuthorError(where, f"unfinished: {line}", f"{remedy}{more and ' Also:'}{more}")


def _squeezed(text: str) -> str:
    """Join decorators that a formatter spread over lines."""
    return "(".join(part.lstrip() for part in text.split("("))

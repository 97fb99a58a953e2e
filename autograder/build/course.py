"""Builds whole assignments: reads a source, refuses an incomplete one, makes its Tree."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from autograder.build.release import release
from autograder.build.solutions import solutions
from autograder.build.tree import Tree
from autograder.course import Course
from autograder.errors import AuthorError
from autograder.model import Assignment
from autograder.source import read_source


def tree(course: Course, name: str) -> Tree:
    """The committed files of one assignment: its release notebook and its reference."""
    assignment = read_source(course.source(name))
    refuse_incomplete(course, assignment)
    text = course.source(name).read_text(encoding="utf-8")
    return {**release(assignment, text), **solutions(assignment)}


def refuse_incomplete(course: Course, assignment: Assignment) -> None:
    """Refuse an exercise without a hidden check or a known mistake, and what is still TODO."""
    graders, bank = course.graders(assignment.name), course.bank(assignment.name)
    for path in (graders, bank):
        if not path.is_file():
            raise AuthorError(str(path), "there is no such file", "Write it beside the others.")
    _refuse_unfinished([course.source(assignment.name), graders, bank])
    for exercise in assignment.exercises:
        if f'exercise("{exercise.id}"' not in graders.read_text(encoding="utf-8"):
            remedy = f'Write a check marked @pytest.mark.exercise("{exercise.id}").'
            raise AuthorError(str(graders), f"no hidden check for {exercise.id!r}", remedy)
        if f'mistake("{exercise.id}"' not in _squeezed(bank.read_text(encoding="utf-8")):
            remedy = f'Write at least one function marked @mistake("{exercise.id}", ...).'
            raise AuthorError(str(bank), f"no known mistake for {exercise.id!r}", remedy)


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
        remedy = "Write it, take the TODO away, and build again."
        raise AuthorError(where, f"unfinished: {line}", f"{remedy}{more and ' Also:'}{more}")


def _squeezed(text: str) -> str:
    """Join decorators that a formatter spread over lines."""
    return "(".join(part.lstrip() for part in text.split("("))

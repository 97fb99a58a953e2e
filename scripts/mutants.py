"""Mutation testing of the references: every mutant must fail a hidden check, or be explained.

Cosmic Ray's operators mutate each reference answer; our own warm grader grades the mutants, which
is a thousand times faster than a test run for each. A survivor is either killed by a new check or
listed in scripts/equivalent_mutants.toml with the reason why no test can tell it apart.

Run: make mutants, or .venv/bin/python scripts/mutants.py a1_layers
"""

from __future__ import annotations

import argparse
import ast
import itertools
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cosmic_ray.plugins
from cosmic_ray.mutating import mutate_code
from rich.progress import track

from autograder.course.layout import Course
from autograder.course.source import read_source, without_marks
from autograder.grading.start import start_grader
from autograder.model import Assignment, Settings, Status, StudentCell, Submission

ROOT = Path(__file__).parents[1]
EXPLAINED = Path(__file__).with_name("equivalent_mutants.toml")


@dataclass(frozen=True)
class Mutant:
    """One changed answer, and the line that was changed."""

    exercise: str
    text: str
    line: str

    @property
    def name(self) -> str:
        """How the list of equivalent mutants calls it."""
        return f"{self.exercise}: {self.line}"


def mutants(exercise: str, answer: str) -> Iterator[Mutant]:
    """Every mutation of every operator, once."""
    seen = {behaviour(answer)}
    plain = (cosmic_ray.plugins.get_operator(name) for name in cosmic_ray.plugins.operator_names())
    for operator in (found for found in plain if not found.arguments()):
        for text in filter(is_python, _at_every_place(answer, operator())):
            if (acts := behaviour(text)) not in seen:
                seen.add(acts)
                yield Mutant(exercise, text, changed_line(answer, text))


def is_python(text: str) -> bool:
    """Whether the mutation left code that can be parsed."""
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


def behaviour(text: str) -> str:
    """What of the code can act: neither annotations nor docstrings."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.returns, node.body = None, node.body[bool(ast.get_docstring(node)) :]
        elif isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.AnnAssign):
            node.annotation = ast.Constant(None)
    return ast.dump(tree)


def _at_every_place(answer: str, operator: Any) -> Iterator[str]:
    for place in itertools.count():
        text = mutate_code(answer, operator, place)
        if text is None:
            return
        yield text


def changed_line(before: str, after: str) -> str:
    """The first line that differs, as it became."""
    pairs = zip(before.splitlines(), after.splitlines(), strict=False)
    return next((new.strip() for old, new in pairs if old != new), "(a line is gone)")


def survivors(course: Course, name: str, seed: int, slow: bool) -> tuple[int, list[Mutant]]:
    """Grade all mutants of an assignment's references; return their number and the survivors."""
    source = read_source(course.source(name))
    made = [m for e in source.exercises for m in mutants(e.id, without_marks(e.answer))]
    alive: list[Mutant] = []
    with start_grader(course, name, Settings(seed)) as grader:
        for mutant in track(made, name, disable=not sys.stderr.isatty()):
            if slow or mutant.exercise not in grader.slow:
                report = grader.report(handed_in(source, mutant), [mutant.exercise])
                if report.exercises[0].status is Status.PASSED:
                    alive.append(mutant)
    return len(made), alive


def handed_in(source: Assignment, mutant: Mutant) -> Submission:
    """All references, one of them mutated."""
    cells = tuple(
        StudentCell(
            (e.id,), mutant.text if e.id == mutant.exercise else without_marks(e.answer), e.id
        )
        for e in source.exercises
    )
    return Submission(source.name, "mutant", "mutant.ipynb", "", cells)


def main() -> None:
    """Print each survivor that nobody explained; exit 1 if there is one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("assignments", nargs="*")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--slow", action="store_true", help="also exercises that train")
    options = parser.parse_args()
    course = Course(ROOT)
    explained = tomllib.loads(EXPLAINED.read_text(encoding="utf-8"))
    unexplained = 0
    for name in options.assignments or course.assignments():
        total, alive = survivors(course, name, options.seed, options.slow)
        reasons = explained.get(name, {})
        new = [mutant for mutant in alive if mutant.name not in reasons]
        unexplained += len(new)
        print(f"{name}: {total} mutants, {len(alive)} alive, {len(alive) - len(new)} explained")
        for mutant in new:
            print(f"  survivor  {mutant.name}")
    sys.exit(1 if unexplained else 0)


if __name__ == "__main__":
    main()

"""Right answers in many habits keep all their points: how they are bound, and what they bring."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import nbformat
import pytest

from autograder.grading.grader import Grader
from autograder.grading.start import start_grader
from autograder.model import ExerciseReport, Settings, Status, Tier
from autograder.submissions import read
from tests.support.own_notebooks import (
    AMONG_OTHERS,
    APART,
    BOUND,
    COURSE,
    OF_THEIR_OWN,
    Cells,
    code,
    formed,
    place,
    released,
    solutions,
)

ASSIGNMENTS = ("a1_layers", pytest.param("a4_gradient_flow", marks=pytest.mark.slow))
PLACES = (OF_THEIR_OWN[0], OF_THEIR_OWN[2], *AMONG_OTHERS[:2])
HABITS = (Path(__file__).parent / "habits.txt").read_text().split("\n=====\n")
Written = tuple[nbformat.NotebookNode, dict[str, str]]  # and which habit each exercise has


@pytest.fixture(scope="module", params=ASSIGNMENTS)
def grader(request: pytest.FixtureRequest) -> Iterator[Grader]:
    """A grader of one assignment."""
    with start_grader(COURSE, request.param, Settings(5, Tier.CONFINED)) as started:
        yield started


def reported(
    grader: Grader, notebook: nbformat.NotebookNode, exercises: Sequence[str]
) -> Sequence[ExerciseReport]:
    """What is said of some exercises of a notebook."""
    content = nbformat.writes(notebook).encode()
    submission = read.parse(content, "a.ipynb", grader.assignment, "ana")
    return grader.report(submission, exercises).exercises


def in_turn(grader: Grader, habits: dict[str, str], shift: int = 0) -> Iterator[Written]:
    """Solved notebooks, and the habit that each exercise is still to be given.

    Exercises that train take seconds: they are given one habit.
    """
    exercises = [*solutions(grader.assignment.name)]
    exercises = exercises[shift:] + exercises[:shift]
    left = list(habits)
    while left:
        batch, left = left[: len(exercises)], left[len(exercises) :]
        yield solved(grader.assignment.name), dict(zip(exercises, batch, strict=False))
        turned = [*exercises[1:], exercises[0]]
        exercises = [exercise for exercise in turned if exercise not in grader.slow]


def solved(assignment: str) -> nbformat.NotebookNode:
    """The released notebook with the reference's answers in it."""
    notebook = released(assignment)
    for exercise, answers in solutions(assignment).items():
        notebook.cells[place(notebook.cells, exercise)].source = answers[0]
    return notebook


def lost(grader: Grader, written: Iterator[Written]) -> list[tuple[str, str, tuple[str, ...]]]:
    """The habits that cost points, in which exercise, and what is said of it."""
    return [
        (chosen[report.id], report.id, report.remarks)
        for notebook, chosen in written
        for report in reported(grader, notebook, [*chosen])
        if report.status is not Status.PASSED
    ]


@pytest.mark.parametrize("put", PLACES, ids=[put.__name__.strip("_") for put in PLACES])
def test_an_answer_counts_however_it_is_bound(
    grader: Grader, put: Callable[[Cells, str, list[str]], None]
) -> None:
    """Each way to bind a name counts, in the exercise's cell, in the check, in the setup."""
    answers = solutions(grader.assignment.name)
    shift = PLACES.index(put)

    def written() -> Iterator[Written]:
        for notebook, chosen in in_turn(grader, BOUND, shift):
            for exercise, name in chosen.items():
                if name not in APART or put in OF_THEIR_OWN:
                    cells = formed(exercise, answers[exercise][-1], BOUND[name], f"mine_{exercise}")
                    put(notebook.cells, exercise, cells)
            yield notebook, chosen

    assert not lost(grader, written())


@pytest.mark.parametrize("where", ["in its cell", "in a cell above", "at the top"])
def test_what_an_answer_brings_costs_nothing(grader: Grader, where: str) -> None:
    """What students write around their answers leaves them as they are."""
    answers = solutions(grader.assignment.name)

    def written() -> Iterator[Written]:
        habits = {habit: habit for habit in HABITS}
        for notebook, chosen in in_turn(grader, habits, len(where)):
            for exercise, habit in chosen.items():
                at = place(notebook.cells, exercise)
                if where == "in its cell" and not habit.startswith("%%"):
                    notebook.cells[at].source = f"{habit}\n\n{answers[exercise][0]}"
                elif where == "at the top":
                    notebook.cells.insert(3, code(habit))
                else:
                    notebook.cells.insert(at, code(habit))
            yield notebook, chosen

    assert not lost(grader, written())


def test_wrong_answers_gain_nothing(grader: Grader) -> None:
    """A wrong answer stays wrong in whatever form and place it is."""
    for notebook, chosen in in_turn(grader, BOUND):
        for exercise, form in chosen.items():
            wrong = f"def {exercise}(*given, **named):\n    return None"
            cells = formed(exercise, wrong, BOUND[form], f"mine_{exercise}")
            OF_THEIR_OWN[2](notebook.cells, exercise, cells)
        gained = [r for r in reported(grader, notebook, [*chosen]) if r.score > r.points / 4]
        assert not gained

"""Figures that were handed out and edited count only where they define what an answer needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import nbformat
import pytest

from autograder.grading.grader import Grader
from autograder.grading.start import start_grader
from autograder.model import ExerciseReport, Settings, Tier
from autograder.submissions import read
from tests.support.own_notebooks import COURSE, place, released, solutions

# By assignment, two exercises between which the notebook shows a figure.
BETWEEN = {
    "a1_layers": ("linear", "hidden_stack"),
    "a4_gradient_flow": ("init_weight", "forward_rms"),
}
EDITED = {  # what a student adds to a figure
    "another colour": "# blue",
    "names of libraries": "F = nn = torch = Tensor = math = None",
    "the name of a helper": "helper = x = y = loss = None",
    "a function of a helper's name": "def helper(*given):\n    return None",
    "a change of a helper": "helper.__code__ = (lambda *given: None).__code__",
    "an error": "1 / 0",
    "the end of Python": "import os\nos._exit(0)",
    "no Python": "this is (",
}
DEFINED = {
    "a name": "helper = mine",
    "a function": "def helper(*given):\n    return mine(*given)",
    "in the figure's own function": "helper = (lambda: mine)()",
}


@pytest.fixture(scope="module", params=BETWEEN)
def grader(request: pytest.FixtureRequest) -> Iterator[Grader]:
    """A grader of one assignment."""
    with start_grader(COURSE, request.param, Settings(5, Tier.CONFINED)) as started:
        yield started


def graded(grader: Grader, notebook: nbformat.NotebookNode) -> Sequence[ExerciseReport]:
    """What is said of the two exercises."""
    content = nbformat.writes(notebook).encode()
    submission = read.parse(content, "a.ipynb", grader.assignment, "ana")
    return grader.report(submission, BETWEEN[grader.assignment.name]).exercises


def solved(assignment: str, edited: str) -> nbformat.NotebookNode:
    """A notebook with both answers and an edited figure between them."""
    notebook = released(assignment)
    for exercise in BETWEEN[assignment]:
        notebook.cells[place(notebook.cells, exercise)].source = solutions(assignment)[exercise][0]
    shown(notebook, assignment).source += f"\n{edited}\n"
    return notebook


def shown(notebook: nbformat.NotebookNode, assignment: str) -> nbformat.NotebookNode:
    """The figure between two exercises."""
    begin, end = (place(notebook.cells, exercise) for exercise in BETWEEN[assignment])
    (found,) = (c for c in notebook.cells[begin:end] if "figure" in c.metadata.get("tags", ()))
    return found


def through_a_helper(notebook: nbformat.NotebookNode, exercise: str) -> str:
    """Let an answer call a helper that does its work; return the text of that work."""
    answer = notebook.cells[place(notebook.cells, exercise)]
    work = str(answer.source).replace(f"def {exercise}(", "def mine(")
    answer.source = f"def {exercise}(*given):\n    return helper(*given)\n"
    return work


@pytest.mark.parametrize("edited", EDITED.values(), ids=EDITED)
def test_an_edited_figure_changes_no_answer(grader: Grader, edited: str) -> None:
    """Above it and below, a helper is what the student's other cells define."""
    name = grader.assignment.name
    first, second = BETWEEN[name]
    notebook = solved(name, edited)
    work = through_a_helper(notebook, second)
    notebook.cells[place(notebook.cells, first)].source += f"\n\n{work}\n\nhelper = mine\n"
    found = graded(grader, notebook)
    assert [e.score for e in found] == [e.points for e in found], [e.remarks for e in found]


@pytest.mark.parametrize("defined", DEFINED.values(), ids=DEFINED)
def test_an_edited_figure_counts_where_an_answer_needs_it(grader: Grader, defined: str) -> None:
    """A helper that was written into a figure, and nowhere else, is taken from there."""
    name = grader.assignment.name
    notebook = solved(name, "")
    work = through_a_helper(notebook, BETWEEN[name][1])
    shown(notebook, name).source += f"\n{work}\n\n{defined}\n"
    found = graded(grader, notebook)
    assert [e.score for e in found] == [e.points for e in found], [e.remarks for e in found]

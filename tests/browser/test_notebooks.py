"""Students at their notebooks: real JupyterLab, real kernel, a wrong and a right answer typed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from autograder.course.layout import Course
from autograder.course.source import read_source, without_marks
from autograder.model import Assignment
from tests.browser.lab import Notebook, Server
from tests.conftest import ROOT
from tests.support.marks import one_quick

NAMES = Course(ROOT).assignments()
PROMISE = "visible checks passed; hidden checks run when you submit."
SLIDER = """\
import plotly.graph_objects as go
steps = [{"label": name, "method": "restyle", "args": ["opacity", 1.0]} for name in "abc"]
layout = {"title": {"text": "by keyboard"}, "sliders": [{"steps": steps}]}
go.Figure(go.Bar(y=[1]), layout).show()"""
FOCUSED = """step => document.activeElement.closest('.js-plotly-plot')
    ?._fullLayout.sliders[0].active === step"""


@pytest.fixture(scope="module", params=one_quick(NAMES))
def opened(request: Any, browser: Any, lab: Server) -> Iterator[tuple[Notebook, Assignment]]:
    """A release notebook in JupyterLab with its setup run, and its source."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    notebook = Notebook(page, lab, f"{request.param}.ipynb")
    notebook.run("setup")
    notebook.run("visible-checks")
    yield notebook, read_source(Course(ROOT).source(request.param))
    notebook.close()
    page.close()
    assert troubles == []


def first(assignment: Assignment) -> tuple[str, str]:
    """The first exercise's name and its reference answer."""
    exercise = assignment.exercises[0]
    return exercise.id, without_marks(exercise.answer)


def test_a_check_before_its_answer_says_what_to_run(opened: Any) -> None:
    """Running a check cell before the answer cell gives one sentence and no traceback."""
    notebook, assignment = opened
    name, _ = first(assignment)
    assert notebook.run(f"{name}-check") == f"· {name}: run its answer cell first."


def test_the_stub_is_not_called_wrong(opened: Any) -> None:
    """The cell as it was handed out is "not written yet"."""
    notebook, assignment = opened
    name, _ = first(assignment)
    notebook.run(name)
    assert notebook.run(f"{name}-check").startswith(f"· {name}: not written yet.")


def test_a_wrong_answer_reads_what_differs(opened: Any) -> None:
    """A function that returns nothing is told so: the call, what came back, what was expected."""
    notebook, assignment = opened
    name, _ = first(assignment)
    notebook.write(name, f"def {name}(*args, **kwargs):\n    return None")
    said = notebook.run(f"{name}-check")
    assert said.startswith(f"✗ {name}: visible check failed\n    called:    {name}(")
    assert "came back: None (NoneType)" in said
    assert "Traceback" not in notebook.read(f"{name}-check")


def test_a_right_answer_reads_no_more_than_it_earned(opened: Any) -> None:
    """The reference's text, typed in, passes, and hidden checks are said to come later."""
    notebook, assignment = opened
    name, answer = first(assignment)
    notebook.write(name, answer)
    assert notebook.run(f"{name}-check").strip().endswith(f"✓ {name}: {PROMISE}")
    assert f"✓ {name}: {PROMISE}" in notebook.read(f"{name}-check")


def test_run_all_reaches_the_scorecard(opened: Any) -> None:
    """Exercises that are not written yet do not stop "Run All", and the scorecard counts them."""
    notebook, assignment = opened
    notebook.run_all()
    count = len(assignment.exercises)
    assert f"1 of {count} {PROMISE}" in notebook.output("scorecard")
    assert notebook.read("scorecard").count("✗ not yet") == count - 1


def test_hints_unfold_one_at_a_time_by_keyboard(opened: Any) -> None:
    """Every hint is folded until its student asks for it, and opening one leaves the next shut."""
    notebook, assignment = opened
    hints = notebook.hints(first(assignment)[0])
    assert hints.count() >= 3
    assert not hints.locator(":scope[open]").count()
    hints.first.locator("summary").focus()
    notebook.page.keyboard.press("Enter")
    assert hints.evaluate_all("all => all.map(one => one.open)")[:3] == [True, False, False]


def test_a_slider_moves_by_keyboard(opened: Any) -> None:
    """Tab reaches the slider of a figure, arrow keys move it by a step, and it keeps the focus."""
    notebook, _ = opened
    notebook.run("scorecard")
    notebook.append(SLIDER)
    figure = notebook.page.locator(".js-plotly-plot", has_text="by keyboard")
    slider = figure.locator(".slider-group[tabindex='0']").first
    slider.wait_for(state="attached", timeout=60_000)
    slider.focus()
    for key, step in [("ArrowRight", 1), ("ArrowRight", 2), ("ArrowRight", 2), ("ArrowLeft", 1)]:
        notebook.page.keyboard.press(key)
        notebook.page.wait_for_function(FOCUSED, arg=step, timeout=20_000)

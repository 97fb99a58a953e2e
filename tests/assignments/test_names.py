"""The released notebooks and the names of a student: neither gets in the other's way.

A notebook's cells share their names. A figure must not overwrite what a student has defined above
it, and what a student calls sum or torch must not break the visible checks.
"""

from __future__ import annotations

import dis
from collections.abc import Iterator
from types import CodeType
from typing import Any

import nbformat
import plotly.io
import pytest
import torch

from autograder.course.layout import Course
from autograder.course.source import read_source, without_marks
from tests.conftest import ROOT
from tests.support.marks import one_quick

NAMES = Course(ROOT).assignments()
OURS = {"visible_checks", "scorecard"}  # what check cells call
PLOTLY = {"go", "make_subplots"}  # imported by one figure for all


@pytest.fixture(autouse=True)
def _shown_nowhere() -> Iterator[None]:
    """Figures are drawn, but not shown; what a notebook sets in torch is undone."""
    before, plotly.io.renderers.default = plotly.io.renderers.default, ""
    with torch.random.fork_rng():
        yield
    plotly.io.renderers.default = before


def solved(name: str) -> list[Any]:
    """The code cells of a released notebook, with the reference's answers."""
    course = Course(ROOT)
    answers = {e.id: without_marks(e.answer) for e in read_source(course.source(name)).exercises}
    cells = nbformat.read(course.release(name), as_version=4).cells
    for cell in cells:
        cell.source = answers.get(cell.id, cell.source)
    return [cell for cell in cells if cell.cell_type == "code"]


def is_free(cell: Any) -> bool:
    """Whether a cell is neither setup nor answer nor check."""
    marks = cell.metadata.get("nbgrader", {})
    setup = "setup" in cell.metadata.get("tags", ())
    return not (setup or marks.get("solution") or marks.get("grade"))


def run(source: str, names: dict[str, Any]) -> None:
    """Run one cell among the others' names, as a notebook does."""
    exec(compile(source, "<cell>", "exec", dont_inherit=True), names)


def public(names: Any) -> set[str]:
    """The names that do not begin with an underscore."""
    return {name for name in names if not name.startswith("_")}


def with_parts(code: CodeType) -> Iterator[CodeType]:
    """The code of a cell, and that of each function, class and comprehension in it."""
    yield code
    for part in code.co_consts:
        if isinstance(part, CodeType):
            yield from with_parts(part)


def stored(code: CodeType, opname: str) -> Iterator[str]:
    """The names that such instructions of one piece of code bind."""
    return (step.argval for step in dis.get_instructions(code) if step.opname == opname)


@pytest.mark.parametrize("name", NAMES)
def test_no_figure_binds_a_name_of_a_student(name: str) -> None:
    """Not even for a moment: what a student defined above a figure is the same below it."""
    for cell in filter(is_free, solved(name)):
        code = compile(cell.source, cell.id, "exec")
        bound = {*stored(code, "STORE_NAME")}
        bound.update(name for part in with_parts(code) for name in stored(part, "STORE_GLOBAL"))
        assert public(bound) <= OURS | PLOTLY, cell.id


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch, when plotly copies a tensor
@pytest.mark.parametrize("name", one_quick(NAMES))
def test_figures_leave_nothing_behind(name: str) -> None:
    """From top to bottom, solved: only setup, answers and checks leave new public names."""
    names: dict[str, Any] = {"__name__": "notebook"}
    for cell in solved(name):
        before = set(names)
        run(cell.source, names)
        assert not is_free(cell) or public(set(names) - before) <= OURS | PLOTLY, cell.id


HOSTILE = [
    "from torch import *",
    "sum = 0",
    "list = [1, 2]",
    "str = 'a'",
    "print = None",
    "type = 3",
    "range = 5",
    "isinstance = bool = tuple = dict = None",
    "len = 3",
    "torch = None",
    "describe = difference = Called = CheckFailed = Difference = 1",
    "_results = _STATES = _KINDS = TOLERANCES = traceback = inspect = Mapping = None",
    "def _said(x): return x[99]\ndef _written(x): return x[99]\n_side = _line = _short = _said",
    "getattr = all = repr = zip = enumerate = set = sorted = map = float = int = any = 0",
    "hasattr = callable = super = property = max = abs = Exception = AssertionError = None",
]
WRONG = "def count_parameters(sizes):\n    return [sizes, 'wrong']"
STOPS = "def count_parameters(sizes):\n    return 1 / 0"
STUB = "def count_parameters(sizes):\n    raise NotImplementedError"
RIGHT = "def count_parameters(sizes):\n    return 112"
CLOSE = "import torch as _t\ndef count_parameters(sizes):\n    return _t.ones(2)"


def said(answer: str, between: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What a student reads of one exercise and of the scorecard, with these lines above them."""
    cells = {cell.id: cell.source for cell in solved("a1_layers")}
    names: dict[str, Any] = {"__name__": "notebook"}
    for source in (cells["setup"], cells["visible-checks"], answer, between):
        run(source, names)
    try:
        run(cells["count_parameters-check"], names)
    except AssertionError as failed:
        words = "\n".join(failed._render_traceback_())  # type: ignore[attr-defined]
    else:
        words = "passed"
    run(cells["scorecard"], names)
    return words + capsys.readouterr().out


@pytest.mark.parametrize("between", HOSTILE)
def test_no_name_of_a_student_breaks_the_visible_checks(
    between: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever else a student calls by a name that the helper uses, its words are the same."""
    for answer in (WRONG, STOPS, STUB, RIGHT, CLOSE):
        undisturbed = said(answer, "", capsys)
        assert "visible check" in undisturbed
        assert said(answer, between, capsys) == undisturbed

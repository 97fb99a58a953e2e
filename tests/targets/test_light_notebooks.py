"""Release notebooks stay light: what is not the student's business is short, figures are there."""

import ast
import json
import re
import subprocess
import sys

import nbconvert
import nbformat
import pytest

from autograder.course.layout import Course
from autograder.targets.figures import INTERACTIVE
from tests.conftest import ROOT

NAMES = Course(ROOT).assignments()
PNG = "image/png"


def cells(course, name):
    """The code cells of a release notebook with their tags."""
    notebook = json.loads(course.release(name).read_text(encoding="utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    return [({*cell["metadata"].get("tags", ())}, "".join(cell["source"]), cell) for cell in code]


def lines(text: str) -> int:
    """Lines of code: neither empty, nor a comment, nor part of a docstring."""
    said = set[int]()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(
            node
        ):
            said |= {*range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1)}
    rows = enumerate(text.splitlines(), 1)
    return sum(1 for i, row in rows if row.strip() and row.strip()[0] != "#" and i not in said)


def test_what_is_no_code_is_not_counted():
    """Comments, docstrings and empty lines cost a student no time."""
    assert lines('"""A\nb."""\n\n# c\nx = 1\n\ndef f():\n    """D."""\n    return 2') == 3


@pytest.mark.parametrize("name", NAMES)
def test_the_checks_take_120_lines_that_are_folded(course, name):
    """The second cell is short where nothing folds it, and folded in JupyterLab and Colab."""
    ((_, text, cell),) = [found for found in cells(course, name) if "visible-checks" in found[0]]
    head, _, rest = text.partition("exec(r'''\n")
    inner, _, tail = rest.partition("\n'''")
    assert lines(head) + lines(inner) + len(tail.splitlines()) + 1 <= 120
    assert cell["metadata"]["jupyter"] == {"source_hidden": True}
    assert cell["metadata"]["cellView"] == "form"
    assert text.startswith("#@title ")


@pytest.mark.parametrize("name", NAMES)
def test_the_last_cell_takes_25_lines_that_are_folded(course, name):
    """It counts the checks that passed, and lets sliders move by arrow keys."""
    ((_, text, cell),) = [found for found in cells(course, name) if "scorecard" in found[0]]
    assert lines(text) <= 25
    assert "keydown" in text
    assert cell["metadata"]["jupyter"] == {"source_hidden": True}


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_takes_25_lines_and_is_there_before_anything_is_run(course, name):
    """Each figure has its interactive output and a picture; its code is short and folded."""
    figures = [found for found in cells(course, name) if "figure" in found[0]]
    assert len(figures) >= 3
    for _, text, cell in figures:
        assert lines(text) <= 25, text
        assert cell["metadata"]["jupyter"] == {"source_hidden": True}
        (output,) = cell["outputs"] or [{"data": {}}]
        assert {INTERACTIVE, PNG} <= {*output["data"]}, "run: make figures"


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_is_below_500_kb_with_its_figures(course, name):
    """It opens at once, and GitHub shows it."""
    assert course.release(name).stat().st_size < 500_000


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_is_in_an_html_page_of_the_notebook(course, name):
    """What nbconvert makes of it shows a picture for each figure, and the first screen's."""
    notebook = nbformat.read(course.release(name), as_version=4)
    page, _ = nbconvert.HTMLExporter().from_notebook_node(notebook)
    count = sum("figure" in tags for tags, _, _ in cells(course, name))
    assert len(re.findall(r'<img[^>]*src="data:image/png', page)) == count + 1


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow) if n.startswith("a6") else n for n in NAMES]
)
def test_the_figures_need_torch_and_plotly_only(course, name):
    """Setup, answers and figures run where NumPy is not installed, and each figure is drawn."""
    from autograder.course.source import read_source
    from autograder.targets.release import master

    path = course.source(name)
    notebook = master(read_source(path), path.read_text(encoding="utf-8"))
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    program = f"""
import sys
sys.modules["numpy"] = None
import plotly.io
plotly.io.renderers.default = "json"
names = {{"__name__": "__main__"}}
for cell in {code!r}:
    exec(cell, names)
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]

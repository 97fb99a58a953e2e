"""What works for the student in Jupyter works for the grader: the whole notebook may be run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from autograder.course.layout import Course
from autograder.course.source import read_source, without_marks
from autograder.grading.grader import Grader
from autograder.grading.start import start_grader
from autograder.model import ExerciseReport, Report, Settings, Tier
from autograder.submissions import read

COURSE = Course(Path(__file__).parents[2])
LINEAR = """def linear(x, weight, bias):
    y = x @ weight.T
    return y if bias is None else y + bias
"""


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    """A grader of the first assignment."""
    with start_grader(COURSE, "a1_layers", Settings(5, Tier.CONFINED)) as started:
        yield started


def solved(name: str) -> nbformat.NotebookNode:
    """The released notebook with the reference's answers in it."""
    notebook = nbformat.read(COURSE.release(name), as_version=4)
    answers = {e.id: without_marks(e.answer) for e in read_source(COURSE.source(name)).exercises}
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = answers.get(grade_id, cell.source)
    return notebook


def place(notebook: nbformat.NotebookNode, exercise: str) -> int:
    """Where an exercise's answer stands; its check stands below it."""
    ids = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in notebook.cells]
    return ids.index(exercise)


def graded(grader: Grader, notebook: nbformat.NotebookNode, *exercises: str) -> Report:
    """The report of some exercises of a notebook."""
    content = nbformat.writes(notebook).encode()
    submission = read.parse(content, "a.ipynb", grader.assignment, "ana")
    return grader.report(submission, exercises or None)


def of(report: Report, exercise: str) -> ExerciseReport:
    """What a report says of one exercise."""
    (found,) = (e for e in report.exercises if e.id == exercise)
    return found


def with_answer(answer: str, above: str = "", below: str = "") -> nbformat.NotebookNode:
    """The solved notebook with another answer to linear, and cells above and below it."""
    notebook = solved("a1_layers")
    at = place(notebook, "linear")
    notebook.cells[at].source = answer
    notebook.cells.insert(at + 2, nbformat.v4.new_code_cell(below))
    notebook.cells.insert(at, nbformat.v4.new_code_cell(above))
    return notebook


INDENTED = "".join(f"  {line}\n" for line in LINEAR.splitlines())
PROMPTS = "In [3]: " + "\n   ...: ".join(LINEAR.splitlines())
WRONG = LINEAR.replace("weight.T", "weight")
ANSWERS = {
    "display in it": LINEAR.replace("    y =", "    display(x.shape)\n    y ="),
    "get_ipython": "get_ipython().run_line_magic('matplotlib', 'inline')\n"
    + LINEAR.replace("    y =", "    assert get_ipython()\n    y ="),
    "pylab": "%pylab inline\n" + LINEAR,
    "a dataclass": "from dataclasses import dataclass\n@dataclass\nclass Scale:\n"
    "    by: float = 1.0\n    of: 'Tensor | None' = None\n\n"
    + LINEAR.replace("x @ weight.T", "Scale().by * (x @ weight.T)"),
    "a script function": "@torch.jit.script\ndef product(x: Tensor, w: Tensor) -> Tensor:\n"
    "    return x @ w.t()\n\n" + LINEAR.replace("x @ weight.T", "product(x, weight)"),
    "a compiled function": "@torch.compile\n" + LINEAR,
    "compiled with options": "@torch.compile(fullgraph=True)\n" + LINEAR,
    "its own source": "import inspect\n"
    + LINEAR.replace("    y =", "    assert 'bias' in inspect.getsource(linear)\n    y ="),
    "a main guard": "if __name__ == '__main__':\n    SCALE = 1.0\n"
    + LINEAR.replace("x @ weight.T", "SCALE * (x @ weight.T)"),
    "pickle": "import pickle\nclass Kept:\n    scale = 1.0\n"
    + LINEAR.replace("    y =", "    assert pickle.loads(pickle.dumps(Kept())).scale\n    y ="),
    "a line of options": "import argparse\nparser = argparse.ArgumentParser()\n"
    "parser.add_argument('--scale', type=float, default=1.0)\n"
    "options, _ = parser.parse_known_args()\n"
    + LINEAR.replace("x @ weight.T", "options.scale * (x @ weight.T)"),
    "a log": "with open('run.log', 'w') as log:\n    log.write('1.0')\n"
    "SCALE = float(open('run.log').read())\n"
    + LINEAR.replace("x @ weight.T", "SCALE * (x @ weight.T)"),
    "an indented cell": INDENTED,
    "a pasted cell": PROMPTS,
    "an unknown magic": "%%scalene\n" + LINEAR,
    "a magic in capitals": "%%TIME\n" + LINEAR,
    "debugged": "%%debug\n" + LINEAR,
    "tested": "%%ipytest -q\n" + LINEAR,
    "exec": f"exec({LINEAR!r})\n",
    "globals": LINEAR.replace("linear", "mine") + "globals()['linear'] = mine\n",
    "setattr": "class Layer:\n    pass\nsetattr(Layer, 'scale', 1.0)\n"
    + LINEAR.replace("x @ weight.T", "Layer.scale * (x @ weight.T)"),
    "a method added later": "def add_to(kind):\n    def added(function):\n"
    "        setattr(kind, function.__name__, function)\n    return added\n\n"
    "class Layer:\n    pass\n\n@add_to(Layer)\ndef forward(self, x, w):\n    return x @ w.T\n\n"
    + LINEAR.replace("x @ weight.T", "Layer().forward(x, weight)"),
    "a registry": "KNOWN = {}\ndef register(function):\n    KNOWN[function.__name__] = function\n"
    "    return function\n\n@register\ndef product(x, w):\n    return x @ w.T\n\n"
    + LINEAR.replace("x @ weight.T", "KNOWN['product'](x, weight)"),
    "single dispatch": "import functools\n@functools.singledispatch\n"
    "def product(w, x):\n    return None\n"
    "@product.register\ndef _(w: torch.Tensor, x):\n    return x @ w.T\n\n"
    + LINEAR.replace("x @ weight.T", "product(weight, x)"),
    "a patched tensor": "def product(self, w):\n    return self @ w.T\n"
    "Tensor.product_with = product\n"
    + LINEAR.replace("x @ weight.T", "x.product_with(weight)"),
    "a walrus": "print(scale := 1.0)\n" + LINEAR.replace("x @ weight.T", "scale * (x @ weight.T)"),
    "a loop": "for name in ('a', 'b'):\n    scale = 1.0\n"
    + LINEAR.replace("x @ weight.T", "scale * (x @ weight.T)"),
    "a counter": "CALLS = 0\nCALLS += 1\n"
    + LINEAR.replace("x @ weight.T", "CALLS * (x @ weight.T)"),
    "a namespace": "from types import SimpleNamespace\noptions = SimpleNamespace()\n"
    "options.__dict__.update(scale=1.0)\n"
    + LINEAR.replace("x @ weight.T", "options.scale * (x @ weight.T)"),
    "what it deletes": "helper = 3\n" + LINEAR + "del helper\n",
    "an unknown annotation": LINEAR.replace("(x,", "(x: Tenor,"),
    "an awaited value": "import asyncio\nasync def one():\n    return 1.0\nSCALE = await one()\n"
    + LINEAR.replace("x @ weight.T", "SCALE * (x @ weight.T)"),
}  # fmt: skip


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_what_runs_in_jupyter_earns_its_points(grader: Grader, answer: str) -> None:
    """A right answer keeps all points, whatever it uses of a notebook's world."""
    found = of(graded(grader, with_answer(answer), "linear"), "linear")
    assert found.score == found.points, found.remarks


AROUND = {
    "a wrong try, and the right function in a cell below it": (WRONG, "", LINEAR),
    "a helper of another exercise's name": (
        "def scale(y):\n    return y\n" + LINEAR.replace("x @ weight.T", "scale(x @ weight.T)"),
        "", "",
    ),
    "an install": (LINEAR, "pip install einops", ""),
    "a shell line": (LINEAR, "!ls -l\nfiles = !ls", ""),
    "a cell that fails": (LINEAR, "1 / 0\nHELPER = 1", ""),
    "a cell that ends Python": (LINEAR.replace("y =", "y = 1 *"), "import os\nos._exit(0)", ""),
    "time twice": (
        "from time import time\nstarted = time()\n" + LINEAR.replace("y =", "t = time(); y ="),
        "import time", "",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("answer", "above", "between"), AROUND.values(), ids=AROUND)
def test_cells_around_an_answer_count_as_in_jupyter(
    grader: Grader, answer: str, above: str, between: str
) -> None:
    """What is bound where the check stands is graded."""
    notebook = with_answer(answer, above)
    at = place(notebook, "linear")
    notebook.cells.insert(at + 1, nbformat.v4.new_code_cell(between))
    found = of(graded(grader, notebook, "linear"), "linear")
    assert found.score == found.points, found.remarks


BELOW = {
    "names of libraries": "F = nn = torch = sum = list = None",
    "a helper of the same name": "def product(*given):\n    return None",
    "a late device": "device = 'cuda'",
    "the function itself": "def linear(*given):\n    return None",
}


@pytest.mark.parametrize("below", BELOW.values(), ids=BELOW)
def test_scratch_work_below_the_check_changes_nothing(grader: Grader, below: str) -> None:
    """The answer means what stands above its check."""
    helper = (
        "device = 'cpu'\ndef product(x, w):\n"
        "    return (x if device == 'cpu' else x.to(device)) @ w.T\n\n"
    )
    answer = helper + LINEAR.replace("x @ weight.T", "product(x, weight)")
    notebook = with_answer(answer, below=below)
    report = graded(grader, notebook, "linear", "input_batch", "collapse")
    assert report.score == sum(of(report, e).points for e in ("linear", "input_batch", "collapse"))


def test_a_helper_that_is_defined_twice_means_the_one_above_each_check(grader: Grader) -> None:
    """Two exercises with helpers of one name keep what each was written with."""
    notebook = with_answer("def product(x, w):\n    return x @ w.T\n\n"
                           + LINEAR.replace("x @ weight.T", "product(x, weight)"))  # fmt: skip
    at = place(notebook, "collapse")
    notebook.cells[at].source = (
        "def product(w, x):\n    return w @ x\n\n" + notebook.cells[at].source.replace(
            "w2 @ w1", "product(w2, w1)")
    )  # fmt: skip
    report = graded(grader, notebook, "linear", "collapse")
    assert [e.score for e in report.exercises] == [e.points for e in report.exercises]


def test_the_result_says_that_the_notebook_was_run(grader: Grader) -> None:
    """Student and instructor read which way an exercise was graded."""
    report = graded(grader, with_answer(INDENTED), "linear", "collapse")
    assert [e.as_notebook for e in report.exercises] == [True, False]
    assert any("linear: your whole notebook was run" in note for note in report.notes)


def test_a_second_definition_below_the_check_is_told(grader: Grader) -> None:
    """Who mends a function in a new cell below its check reads which definition counts."""
    report = graded(grader, with_answer(WRONG, below=LINEAR), "linear")
    assert of(report, "linear").score < of(report, "linear").points
    (told,) = (note for note in report.notes if "`linear` again" in note)
    assert told.endswith("below its check: the definition above the check counts.")
    right = graded(grader, with_answer(LINEAR, below=WRONG), "linear")
    assert not any("again" in note for note in right.notes)


def test_an_older_copy_below_the_check_changes_nothing(grader: Grader) -> None:
    """A copy that was kept for later has its cell's id; the check means the one above it."""
    notebook = solved("a1_layers")
    at = place(notebook, "linear")
    copied = nbformat.from_dict({**notebook.cells[at], "source": WRONG, "id": "copied"})
    notebook.cells.insert(at + 2, copied)
    report = graded(grader, notebook, "linear")
    assert report.score == of(report, "linear").points
    assert any("the last above its check where that earns more" in note for note in report.notes)


def test_nothing_is_called_skipped_that_was_run(grader: Grader) -> None:
    """All answers may stand in a module that the notebook writes and imports."""
    setup = "import torch\nimport torch.nn.functional as F\nfrom torch import Tensor, nn\n"
    notebook = with_answer("# see own.py", f"%%writefile own.py\n{setup}{LINEAR}")
    star = "%load_ext autoreload\n%autoreload 2\nfrom own import *"
    notebook.cells.insert(place(notebook, "linear"), nbformat.v4.new_code_cell(star))
    report = graded(grader, notebook, "linear")
    assert report.score == of(report, "linear").points
    assert not any("skipped" in note for note in report.notes)


def test_a_wrong_answer_stays_wrong(grader: Grader) -> None:
    """Running the notebook gives nobody what the cells do not hold."""
    report = graded(grader, with_answer("%%TIME\n" + WRONG, "print(1)", "print(2)"), "linear")
    found = of(report, "linear")
    assert found.score < found.points / 2


def test_cells_that_never_end_are_left_out(grader: Grader, monkeypatch: pytest.MonkeyPatch) -> None:
    """An endless scratch cell costs its time, and no points."""
    monkeypatch.setattr("autograder.sandbox.whole_notebook.CELL_SECONDS", 1.0)
    found = of(graded(grader, with_answer(INDENTED, "while True: pass"), "linear"), "linear")
    assert found.score == found.points


def test_an_answer_that_only_a_function_binds_spoils_no_other(grader: Grader) -> None:
    """Who is asked about after all cells comes after those that are asked about before."""
    bind = "def bind():\n    global linear\n    linear = mine\nbind()\n"
    late = "hidden_stack = head_for = None"
    notebook = with_answer(LINEAR.replace("def linear", "def mine") + bind, below=late)
    at = place(notebook, "head_for")
    answer = notebook.cells[at].source.replace("def head_for", "def mine_head_for")
    notebook.cells[at].source = answer + "\ntry:\n    head_for = unknown\nexcept NameError:\n"
    notebook.cells[at].source += "    head_for = mine_head_for\n"
    notebook.cells.append(nbformat.v4.new_code_cell(late))
    report = graded(grader, notebook, "linear", "head_for")
    assert [e.score for e in report.exercises] == [e.points for e in report.exercises]


@pytest.mark.parametrize(("theirs", "flagged"), [("3.99.1", True), ("3.11.0", False), ("x", False)])
def test_code_that_perhaps_a_newer_python_reads_is_flagged(
    grader: Grader, theirs: str, flagged: bool
) -> None:
    """An instructor is told of a cell that is unreadable here and was run with a newer Python."""
    notebook = solved("a1_layers")
    notebook.metadata["language_info"] = {"name": "python", "version": theirs}
    notebook.cells[place(notebook, "linear")].source = "kind Row = list\n" + LINEAR
    report = graded(grader, notebook, "linear")
    assert of(report, "linear").score == 0
    assert any(f"run with {theirs[:4]}" in flag for flag in report.flags) is flagged

"""The notebooks in a real kernel: references run clean, visible checks say what is wrong."""

import re

import nbclient
import nbformat
import pytest

from autograder.course.layout import Course
from autograder.course.source import read_source
from autograder.targets.release import master
from tests.conftest import ROOT
from tests.support.marks import one_quick

NAMES = Course(ROOT).assignments()


def executed(notebook, allow_errors=False):
    """The notebook after a run in a fresh kernel."""
    client = nbclient.NotebookClient(notebook, timeout=120, allow_errors=allow_errors)
    return client.execute()


@pytest.mark.parametrize("name", one_quick(NAMES))
def test_the_reference_runs_without_error_or_warning(course, name):
    """Top to bottom with every answer in place: no error, no stderr, every check passed."""
    path = course.source(name)
    notebook = executed(master(read_source(path), path.read_text(encoding="utf-8")))
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert [o.text for o in outputs if o.output_type == "stream" and o.name == "stderr"] == []
    said = "".join(o.text for o in outputs if o.output_type == "stream")
    exercises = read_source(path).exercises
    assert f"{len(exercises)} of {len(exercises)} visible checks passed" in said


@pytest.mark.parametrize("name", NAMES)
def test_every_prediction_is_answered_after_its_check_and_folded(course, name):
    """What a statement asks to predict is answered below that check, where one has to open it."""
    cells = read_source(course.source(name)).cells
    text = "\n".join(cell.source for cell in cells)
    parts = re.split(r"^#+ \d\.\d+ · ", text, flags=re.MULTILINE)
    asked = [part for part in parts if "**Predict first.**" in part]
    assert asked
    for part in asked:
        before, _, after = part.partition("with visible_checks(")
        assert "answer to your prediction" not in before
        assert after.count("<details><summary>The answer to your prediction</summary>") == 1, part[
            :60
        ]
    assert text.count("answer to your prediction") == len(asked)
    assert "(The prediction" not in text


@pytest.fixture(scope="module")
def answered(course):
    """Runs a1_layers with given answer cells and returns the output of a check cell."""

    def run(exercise: str, answer: str) -> str:
        notebook = nbformat.read(course.release("a1_layers"), as_version=4)
        wanted = {"setup", "visible-checks", exercise, f"{exercise}-check"}
        notebook.cells = [
            cell for cell in notebook.cells
            if cell.metadata.get("nbgrader", {}).get("grade_id") in wanted
        ]  # fmt: skip
        next(c for c in notebook.cells if c.id == exercise).source = answer
        (output,) = executed(notebook, allow_errors=True).cells[-1].outputs
        return output.text if output.output_type == "stream" else "\n".join(output.traceback)

    return run


def test_a_right_answer_is_told_so_and_no_more(answered):
    """Passing says that visible checks passed and that hidden ones come on submission."""
    said = answered("linear", "linear = F.linear")
    assert said.rstrip().endswith("visible checks passed; hidden checks run when you submit.")


def test_a_wrong_shape_is_said_before_anything_else(answered):
    """The message names the call, what came back and what was expected: the shape first."""
    said = answered("linear", "def linear(x, weight, bias):\n    return (x @ weight.T)[0].double()")
    assert "called:    linear(x, weight, tensor([ 1., -1.]))" in said
    assert "x: tensor of shape (5, 3), torch.float32" in said
    assert "shape differs" in said
    assert "expected:  torch.Size([5, 2])" in said
    assert "Traceback" not in said


def test_a_wrong_dtype_is_said_after_the_shape(answered):
    """With the right shape, the dtype is next."""
    answer = "def linear(x, weight, bias):\n    return (x @ weight.T + bias).double()"
    said = answered("linear", answer)
    assert "dtype differs" in said
    assert "expected:  torch.float32" in said


def test_an_untouched_answer_is_not_called_wrong(answered):
    """The stub is "not written yet", in words and without a traceback."""
    said = answered("linear", "def linear(x, weight, bias):\n    raise NotImplementedError()")
    assert "not written yet" in said
    assert "Traceback" not in said

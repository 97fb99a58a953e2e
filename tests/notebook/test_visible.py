"""The words of the notebook's helper, exactly as a student reads them."""

from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F

from autograder.grading.difference import difference as hidden
from autograder.notebook import visible
from autograder.notebook.visible import CheckFailed, difference, scorecard, visible_checks

X = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
WEIGHT = torch.tensor([[1.0, 0.0], [0.5, 2.0]])
EXPECTED = X @ WEIGHT.T
KIND = "tensor of shape (2, 2), torch.float32"
CALL = """\
✗ linear: visible check failed
    called:    linear(x, weight)
      x: tensor of shape (2, 2), torch.float32, values [[1.0, 2.0], [3.0, 4.0]]
      weight: tensor of shape (2, 2), torch.float32, values [[1.0, 0.0], [0.5, 2.0]]
"""


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """No results of other tests."""
    monkeypatch.setattr(visible, "_passed", {})


def named(function):
    """The function under the exercise's name and with its parameters."""

    def linear(x, weight):
        return function(x, weight)

    return linear


def failure(function, look=lambda call: call.returns(EXPECTED)):
    """What a failed check of the exercise says."""
    with pytest.raises(CheckFailed) as failed, visible_checks("linear") as call:
        look(call(function, X, WEIGHT))
    assert failed.value._render_traceback_() == [str(failed.value)]
    return str(failed.value)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            lambda x, w: (x @ w.T)[0],
            "    shape differs\n    came back: torch.Size([2])\n    expected:  torch.Size([2, 2])",
        ),
        (
            lambda x, w: (x @ w.T).double(),
            "    dtype differs\n    came back: torch.float64\n    expected:  torch.float32",
        ),
        (
            lambda x, w: None,
            "    type differs\n    came back: None (NoneType)\n    expected:  "
            "tensor of shape (2, 2), torch.float32, values [[1.0, 4.5], [3.0, 9.5]]",
        ),
        (
            lambda x, w: (x @ w.T).requires_grad_(),
            "    requires_grad differs\n    came back: True\n    expected:  False",
        ),
        (
            lambda x, w: x @ w,
            "    value differs\n"
            f"    came back: {KIND}, values [[2.0, 4.0], [5.0, 8.0]]\n"
            f"    expected:  {KIND}, values [[1.0, 4.5], [3.0, 9.5]]\n"
            "    first value differs at [0][0], came back: 2.0 (float), expected:  1.0 (float)",
        ),
    ],
    ids=["shape", "dtype", "type", "gradient", "value"],
)
def test_a_wrong_answer_reads_the_call_and_the_first_difference(answer, words):
    """The call with its arguments, then one kind of difference with both sides of it."""
    assert failure(named(answer)) == CALL + words


def test_an_error_is_quoted_with_its_line():
    """An exception in the student's code is shown by type, text and line, without a traceback."""
    said = failure(named(lambda x, w: x @ w[0, :1]))
    assert "    it stopped with RuntimeError: size mismatch" in said
    assert "    in line " in said
    assert said.splitlines()[-1].endswith("x @ w[0, :1]))")


def test_the_stub_is_not_written_yet():
    """A stub is told apart from a wrong answer by its symbol and its words."""

    def stub(x, weight):
        raise NotImplementedError

    assert failure(stub) == ("· linear: not written yet. Write and run it.")


def test_an_answer_cell_that_was_not_run_is_named():
    """A NameError of the exercise's own name becomes a hint; any other stays an error."""
    with pytest.raises(CheckFailed, match="run its answer cell"), visible_checks("linear") as call:
        call(linear, X)  # noqa: F821
    with pytest.raises(NameError, match="liner"), visible_checks("linear") as call:
        call(liner, X)  # noqa: F821


def test_a_sentence_that_does_not_hold_is_repeated():
    """holds says the sentence that is not so, what came back, and why it could not be seen."""
    good = named(lambda x, w: x @ w.T)
    said = failure(good, lambda call: call.holds("all are small", lambda y: y.max() < 5))
    assert "    not so: all are small\n    came back: tensor of shape (2, 2)" in said
    said = failure(good, lambda call: call.holds("it has a name", lambda y: y.name.strip()))
    assert "    looking at it stopped with AttributeError: " in said


@pytest.mark.parametrize("text", ["def head(:", "def haed(): ...", "# nothing left"])
def test_no_tick_stands_for_a_cell_that_was_changed(capsys, monkeypatch, text):
    """A cell that is run again, broken, renamed or emptied, needs its check again."""
    monkeypatch.setattr(visible, "_home", {})

    def run(cell_id, raw_cell):
        visible._forget(SimpleNamespace(info=SimpleNamespace(cell_id=cell_id, raw_cell=raw_cell)))

    run("a", "def head(): return 1")
    with visible_checks("head") as call:
        call(lambda: 1).returns(1)
    run("b", "print('another cell')")
    scorecard("head")
    run("a", text)
    scorecard("head")
    told = [line.strip() for line in capsys.readouterr().out.splitlines() if line.endswith("head")]
    assert told == ["✓ passed     head", "· not tried  head"]


def test_a_changed_argument_is_named():
    """A function that writes into what it was given fails, however right its result is."""

    def into_x(x, weight):
        y = x @ weight.T
        x.add_(1)
        return y

    with pytest.raises(CheckFailed, match="it changed x, which"), visible_checks("linear") as call:
        call(into_x, X.clone(), WEIGHT).returns(EXPECTED)

    def pops(sizes):
        return sizes.pop()

    with pytest.raises(CheckFailed, match="it changed sizes"), visible_checks("linear") as call:
        call(pops, [1, 2])


@pytest.mark.parametrize(
    ("spoil", "place"),
    [
        (lambda x, weights: x.requires_grad_(), "x.requires_grad"),
        (lambda x, weights: (2 * weights[0]).sum().backward(), r"weights\[0\].grad"),
        (lambda x, weights: weights[0].requires_grad_(False), r"weights\[0\].requires_grad"),
        (lambda x, weights: weights[0].detach().zero_(), r"weights\[0\]"),
    ],
)
def test_what_autograd_knows_of_an_argument_is_part_of_it(spoil, place):
    """A gradient left behind, or a flag changed, is named with its place."""

    def answer(x, weights):
        spoil(x, weights)
        return x.detach()

    learnt = WEIGHT.clone().requires_grad_()
    told = pytest.raises(CheckFailed, match=f"it changed {place}, which")
    with told, visible_checks("linear") as call:
        call(answer, X.clone(), [learnt])


def test_a_right_answer_is_told_no_more_than_it_earned(capsys):
    """Passing prints a line per expectation, then that hidden checks run on submission."""
    right = named(lambda x, w: F.linear(x, w))
    with visible_checks("linear") as call:
        call(right, X, weight=WEIGHT).returns(EXPECTED).holds("it is square", lambda y: True)
    assert capsys.readouterr().out == (
        "  ✓ linear(x, weight=weight) returned what it should.\n"
        "  ✓ linear(x, weight=weight): it is square.\n"
        "✓ linear: visible checks passed; hidden checks run when you submit.\n"
    )


def test_plain_arguments_are_written_as_in_code(capsys):
    """Numbers, words, None and short lists appear in the call itself."""

    def head(task, classes=None, sizes=()):
        return 1

    with visible_checks("head") as call:
        call(head, "binary", None, sizes=[4, 8]).returns(1)
    assert "head('binary', None, sizes=[4, 8]) returned" in capsys.readouterr().out


def test_the_scorecard_counts_all_exercises(capsys):
    """Passed, failed and untried exercises have a symbol and a word each, and all are counted."""
    failure(named(lambda x, w: None))
    with visible_checks("head") as call:
        call(lambda: 1).returns(1)
    capsys.readouterr()
    scorecard("head", "linear", "body")
    assert capsys.readouterr().out == (
        "  ✓ passed     head\n"
        "  ✗ not yet    linear\n"
        "  · not tried  body\n"
        "1 of 3 visible checks passed; hidden checks run when you submit.\n"
    )


@pytest.mark.parametrize(
    ("got", "expected", "kind"),
    [
        (1, 1.0, None),
        (True, 1, "type"),
        (2, "2", "type"),
        ([1, 2], (1, 2), None),
        ([1], [1, 2], "length"),
        ({"a": 1}, {"b": 1}, "length"),
        (torch.ones(2), torch.ones(2, 1), "shape"),
        (torch.ones(2), torch.ones(2).double(), "dtype"),
        (torch.tensor([1.0, float("nan")]), torch.tensor([1.0, float("nan")]), None),
        (torch.tensor([float("inf")]), torch.tensor([float("-inf")]), "value"),
        (torch.ones(2) + 1e-6, torch.ones(2), None),
        (torch.ones(2) + 1e-3, torch.ones(2), "value"),
        (torch.ones(2, device="meta"), torch.ones(2), "device"),
    ],
)
def test_differences_are_found_in_order(got, expected, kind):
    """Type, length or keys, shape, dtype and device come before values, which have a tolerance."""
    found = difference(got, expected)
    assert found.partition(" ")[0] == kind if kind else not found
    known = hidden(got, expected)
    assert (known.kind if known else None) == ("keys" if isinstance(got, dict) else kind)


def test_a_place_inside_a_structure_is_named():
    """In a list of dictionaries, the path leads to what differs."""
    found = difference([{"loss": 1.0}, {"loss": 3.0}], [{"loss": 1.0}, {"loss": 2.0}])
    assert found == (
        "value differs at [1]['loss']\n    came back: 3.0 (float)\n    expected:  2.0 (float)"
    )

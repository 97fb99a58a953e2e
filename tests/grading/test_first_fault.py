"""What an answer needs and does not find is the first thing that its student reads."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from autograder.grading.grader import Grader
from autograder.grading.start import start_grader
from autograder.model import Settings, StudentCell, Submission, Tier
from autograder.notebook import wording
from tests.support.own_notebooks import COURSE

MISSING = (
    "`{}` is not installed where answers are graded. Besides Python's own packages, there are "
)
GPU = "This needs a GPU"
BODY = "    y = x @ weight.T\n    return y if bias is None else y + bias\n"
FAULTS = {
    "at the top": ("import einops\n\ndef linear(x, weight, bias):\n    einops.rearrange\n" + BODY,
                   MISSING.format("einops")),
    "from a part": ("from sklearn.linear_model import Ridge\n\ndef linear(x, weight, bias):\n"
                    "    Ridge()\n" + BODY, MISSING.format("sklearn")),
    "in the body": ("def linear(x, weight, bias):\n    import jax.numpy as jnp\n" + BODY,
                    MISSING.format("jax")),
    "to the GPU": ("def linear(x, weight, bias):\n    x = x.cuda()\n" + BODY, GPU),
    "a device by name": ("device = 'cuda'\n\ndef linear(x, weight, bias):\n    x = x.to(device)\n"
                         + BODY, GPU),
    "a new tensor there": ("def linear(x, weight, bias):\n"
                           "    torch.zeros(2, device=torch.device('cuda:0'))\n" + BODY, GPU),
    "a GPU of Apple's": ("def linear(x, weight, bias):\n    x = x.to('mps')\n" + BODY, GPU),
    "the first GPU": ("def linear(x, weight, bias):\n    x = x.to(0)\n" + BODY, GPU),
    "numbers drawn there": ("draw = torch.Generator(device='cuda')\n\n"
                            "def linear(x, weight, bias):\n    draw\n" + BODY, GPU),
}  # fmt: skip
NO_FAULTS = {
    "a question where it is": "def linear(x, weight, bias):\n    if x.device.type == 'cuda':\n"
    "        print('there')\n    1 / 0\n",
    "a module that the notebook writes": (
        "%%writefile own.py\ndef product(x, w):\n    return 1 / 0\n---\nimport own\n\n"
        "def linear(x, weight, bias):\n    return own.product(x, weight)\n"
    ),
    "a right answer": "def linear(x, weight, bias):\n" + BODY,
    "an import that may fail": "try:\n    import einops\nexcept ImportError:\n    einops = None\n\n"
    "def linear(x, weight, bias):\n    1 / 0\n",
    "a GPU where there is one": "def linear(x, weight, bias):\n    d = 'cuda' if "
    "torch.cuda.is_available() else 'cpu'\n    raise ValueError(d)\n",
    "a stand-in": "import matplotlib.pyplot as plt\n\ndef linear(x, weight, bias):\n"
    "    plt.plot(x)\n    1 / 0\n",
}


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    """A grader of the first assignment."""
    with start_grader(COURSE, "a1_layers", Settings(5, Tier.CONFINED)) as started:
        yield started


def remarks(grader: Grader, answer: str) -> tuple[str, ...]:
    """What is said of an answer to linear."""
    *above, last = answer.split("---\n")
    cells = (
        *(StudentCell((), text, "above") for text in above),
        StudentCell(("linear",), last, "1"),
    )
    submission = Submission("a1_layers", "ana", "a.ipynb", "", cells)
    (found,) = grader.report(submission, ["linear"]).exercises
    return found.remarks


@pytest.mark.parametrize(("answer", "said"), FAULTS.values(), ids=FAULTS)
def test_what_is_not_there_is_named_first(grader: Grader, answer: str, said: str) -> None:
    """A package or a GPU that is missing is named, before what came of it."""
    assert remarks(grader, answer)[0].startswith(said)


@pytest.mark.parametrize("answer", NO_FAULTS.values(), ids=NO_FAULTS)
def test_what_is_not_to_blame_is_not_named(grader: Grader, answer: str) -> None:
    """Code that minds what is there is told nothing of that."""
    assert not any("installed" in said or GPU in said for said in remarks(grader, answer))


EXAMPLES = {  # what of it is read of the example in the notebook
    "torch's own words": (
        "def linear(x, weight, bias):\n    y = x @ weight\n    return y + bias\n",
        "RuntimeError: mat1 and mat2 shapes cannot be multiplied (5x3 and 2x3) "
        "(in your line `y = x @ weight`)",
    ),
    "a line of another cell": (
        "def product(x, w):\n    return x.matmull(w)\n---\n"
        "def linear(x, weight, bias):\n    return product(x, weight)\n",
        "has no attribute 'matmull' (in your line `return x.matmull(w)`)",
    ),
    "a constant that could not be made": (
        "TABLE = torch.load('table.pt')\n\ndef linear(x, weight, bias):\n    return TABLE\n",
        "No such file or directory: 'table.pt' (in your line `TABLE = torch.load('table.pt')`)",
    ),
    "a package's parts": (
        "from einops import *\n\ndef linear(x, weight, bias):\n    return rearrange(x)\n",
        "No module named 'einops' (in your line `from einops import *`)",
    ),
    "a notebook that is run whole": (
        "%%scalene\ndef product(x, w):\n    return 1 / 0\n---\n%%scalene\n"
        "def linear(x, weight, bias):\n    if weight.shape == (2, 3):\n"
        "        return product(x, weight)\n" + BODY,
        "ZeroDivisionError: division by zero (in your line `return 1 / 0`)",
    ),
    "an error of its own": (
        "class Wrong(ValueError):\n    pass\n\ndef linear(x, weight, bias):\n"
        "    raise Wrong('\\x1b[31m no\\n' + 'bias ' * 100)\n",
        "ValueError: [31m no " + "bias " * 22 + "b… (in your line",
    ),
    "an error that cannot be read": (
        "class Wrong(ValueError):\n    def __str__(self):\n        raise self\n\n"
        "def linear(x, weight, bias):\n    raise Wrong\n",
        "It stopped with a ValueError. (in your line `raise Wrong`)",
    ),
    "a module that the notebook writes": (
        "%%writefile own.py\ndef product(x, w):\n    return 1 / 0\n---\nimport own\n\n"
        "def linear(x, weight, bias):\n    return own.product(x, weight)\n",
        "ZeroDivisionError: division by zero (in your line `return own.product(x, weight)`)",
    ),
    "a GPU": (
        "def linear(x, weight, bias):\n    x = x.cuda()\n" + BODY,
        "(in your line `x = x.cuda()`)",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("answer", "said"), EXAMPLES.values(), ids=EXAMPLES)
def test_the_example_says_what_stopped_it_and_in_which_line(
    grader: Grader, answer: str, said: str
) -> None:
    """The notebook's own example is no secret, so that its student reads all of the error."""
    told = [remark for remark in remarks(grader, answer) if remark.startswith(wording.VISIBLE[:-1])]
    assert said in told[0]


def test_a_hidden_check_says_the_kind_of_an_error_alone(grader: Grader) -> None:
    """What a hidden check was asked with could stand in an error's text."""
    cell = StudentCell(("linear",), "def linear(x, weight, bias):\n    raise KeyError(x)\n", "1")
    submission = Submission("a1_layers", "ana", "a.ipynb", "", (cell,))
    (found,) = grader.report(submission, ["linear"]).exercises
    assert not any("tensor(" in check.message for check in found.checks if check.hidden)
    assert any("tensor(" in check.message for check in found.checks if not check.hidden)

"""What an answer needs and does not find is the first thing that its student reads."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from autograder.grading.grader import Grader
from autograder.grading.start import start_grader
from autograder.model import Settings, StudentCell, Submission, Tier
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
}  # fmt: skip
NO_FAULTS = {
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
    cell = StudentCell(("linear",), answer, "cell 1")
    submission = Submission("a1_layers", "ana", "a.ipynb", "", (cell,))
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

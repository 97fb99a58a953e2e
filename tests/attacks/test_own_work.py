"""Ready-made functions under other names, in other threads, out of sight of torch's own hooks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.course.layout import Course
from autograder.grading.grader import Grader
from autograder.grading.start import start_grader
from autograder.model import Check, Settings, Status, StudentCell, Submission, Tier

COURSE = Course(Path(__file__).parents[2])
# What each exercise must not be made of, as one expression without its name.
FORBIDDEN = {
    "a2_activations": {
        "relu": 'getattr(torch, "re" + "lu")(x)',
        "sigmoid": 'getattr(torch, "sig" + "moid")(x)',
        "tanh_from_sigmoid": 'getattr(torch, "ta" + "nh")(x)',
    },
    "a5_losses": {
        "softmax": 'getattr(torch, "soft" + "max")(x, y)',
        "log_softmax": 'getattr(torch, "log_soft" + "max")(x, y)',
        "logsumexp": 'getattr(torch, "logsum" + "exp")(x, y)',
        "accurate_tanh": 'getattr(torch, "ta" + "nh")(x)',
    },
}
WAYS = {
    "in a thread": """
import threading
def hidden(work):
    found = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join()
    return found[0]
""",
    "in a pool of threads": """
from concurrent.futures import ThreadPoolExecutor
pool = ThreadPoolExecutor(1)
def hidden(work):
    return pool.submit(work).result()
""",
    "behind the hooks of torch": """
import importlib
def hidden(work):
    hooks = importlib.import_module("torch.utils._python" + "_dispatch")
    with getattr(hooks, "_disable_current" + "_modes")(), torch._C._DisableTorchDispatch():
        return work()
""",
    "with what was computed before": """
known = {}
def hidden(work):
    import sys
    x = sys._getframe(1).f_locals["x"]
    key = str(x.tolist())
    if key not in known:
        known[key] = work()
    return known[key]
""",
    "while nobody watches": """
def hidden(work):
    stop = getattr(torch.autograd, "_disable" + "_profiler")
    try:
        stop()
    except Exception:
        pass
    return work()
""",
}


@pytest.fixture(scope="module", params=sorted(FORBIDDEN))
def grader(request: pytest.FixtureRequest) -> Iterator[Grader]:
    """A grader of an assignment with exercises that must be built by hand."""
    with start_grader(COURSE, request.param, Settings(5, Tier.CONFINED)) as started:
        yield started


@pytest.mark.parametrize("way", sorted(WAYS))
def test_a_ready_made_function_is_noticed(grader: Grader, way: str) -> None:
    """Whichever thread computes it, and whatever torch is told to hide, the check fails."""
    name = grader.assignment.name
    for exercise, expression in FORBIDDEN[name].items():
        text = f"{WAYS[way]}\ndef {exercise}(x, y=None):\n    return hidden(lambda: {expression})\n"
        cells = (StudentCell((exercise,), text, exercise),)
        report = grader.report(Submission(name, "eve", "eve.ipynb", "", cells), [exercise])
        (own,) = [e for e in report.exercises if e.id == exercise]
        by_hand = [c for c in own.checks if "without" in c.name or "hand" in c.name]
        assert by_hand
        assert any(c.hidden and c.status is Status.PASSED for c in own.checks)  # its values are right
        assert all(check.status is not Status.PASSED for check in by_hand), exercise


# Wrong while they are watched, or taken from where torch keeps its operations a second time.
EVASIVE = {
    ("a2_activations", "sigmoid"): """
import os, sys
def sigmoid(x):
    if os.environ.get("KINETO_LOG_LEVEL") and torch.autograd._profiler_enabled():
        return x
    return eval("torch.sigmoid(x)")
""",
    ("a2_activations", "relu"): """
import torch._refs
def relu(x):
    return vars(torch._refs.nn.functional)["re" + "lu"](x)
""",
    ("a2_activations", "tanh_from_sigmoid"): """
def tanh_from_sigmoid(x):
    return torch.tan(1j * x).imag
""",
    ("a5_losses", "softmax"): """
from torch._decomp import decompositions as ready
def softmax(z, dim=-1):
    return ready._softmax(z, dim, False)
""",
    ("a5_losses", "cross_entropy"): """
def cross_entropy(z, t):
    if z.shape == (6, 4):
        return (z.logsumexp(1) - z[torch.arange(len(t)), t]).mean()
    return eval("F.cross_" + "entropy(z, t)")
""",
}


def about_own_work(assignment: str, exercise: str, text: str) -> list[Check]:
    """What becomes of the checks whether an answer was built by hand."""
    cells = (StudentCell((exercise,), text, exercise),)
    submission = Submission(assignment, "eve", "eve.ipynb", "", cells)
    with start_grader(COURSE, assignment, Settings(5, Tier.CONFINED)) as grader:
        (own,) = grader.report(submission, [exercise]).exercises
    found = [c for c in own.checks if "without" in c.name or "hand" in c.name]
    assert found
    return found


@pytest.mark.parametrize(("assignment", "exercise"), EVASIVE)
def test_evasion_is_noticed(assignment: str, exercise: str) -> None:
    """Whoever answers otherwise when watched, or elsewhere, has not built it by hand."""
    checks = about_own_work(assignment, exercise, EVASIVE[assignment, exercise])
    assert all(check.status is not Status.PASSED for check in checks)


OWN_NAMES = {
    ("a2_activations", "relu"): """
class Mine:
    def relu(self, x):
        return torch.where(x < 0, torch.zeros_like(x), x)

def relu(x):
    return Mine().relu(x)
""",
    ("a2_activations", "sigmoid"): """
class Sigmoid(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        z = torch.exp(-x.abs())
        y = torch.where(x >= 0, 1 / (1 + z), z / (1 + z))
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g * y * (1 - y)

def sigmoid(x):
    return Sigmoid.apply(x)
""",
}


@pytest.mark.parametrize(("assignment", "exercise"), OWN_NAMES)
def test_names_of_ones_own_are_no_evasion(assignment: str, exercise: str) -> None:
    """A class or a method may be called as what is forbidden; what runs decides."""
    checks = about_own_work(assignment, exercise, OWN_NAMES[assignment, exercise])
    assert all(check.status is Status.PASSED for check in checks), checks

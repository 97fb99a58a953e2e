"""Attacks that need more than one wrong answer: on facts, on memory, on what is remembered."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from autograder.course.layout import Course
from autograder.grading.start import start_grader
from autograder.model import Report, Settings, StudentCell, Submission, Tier

COURSE = Course(Path(__file__).parents[2])
SPOILT_GRADIENT = """
def silent_vanishing():
    torch.autograd.grad = lambda *given, **more: (torch.tensor(1e-20, dtype=torch.float64),)
    return (1.5, 1.0)
"""
PEEKS = """
class Peeks(nn.Module):
    def __init__(self, depth, width):
        super().__init__()
        widths = [2] + [width] * (depth - 1) + [1]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(widths, widths[1:]))

    def forward(self, x):
        frame, said = sys._getframe(), 0
        while frame:
            for known in frame.f_locals.values():
                alike = isinstance(known, torch.Tensor) and known.shape == (len(x), 1)
                if alike and set(known.unique().tolist()) == {0.0, 1.0}:
                    said = 2e6 * known - 1e6
            frame = frame.f_back
        h = x
        for layer in self.layers:
            h = layer(h)
        return h + said

def rescue(depth=30, width=64):
    return Peeks(depth, width)
"""
REMEMBERS = """
KEPT = {}
class Remembers(nn.Module):
    def __init__(self, depth, width):
        super().__init__()
        sizes = [2, *[width] * (depth - 1), 1]
        self.layers = nn.ModuleList(nn.Linear(*pair) for pair in zip(sizes, sizes[1:]))
        for layer in self.layers[1:-1]:
            nn.init.orthogonal_(layer.weight)

    def forward(self, x):
        h = x
        for layer in self.layers:
            h = layer(h)
        if h.requires_grad:
            labels = lambda slope: h.detach().sigmoid() - len(x) * slope
            h.register_hook(lambda slope: KEPT.update(points=x, labels=labels(slope)))
        elif KEPT:
            nearest = torch.cdist(x, KEPT["points"]).argmin(1)
            return 0.1 * h.tanh() + 2 * KEPT["labels"][nearest] - 1
        return h

def rescue(depth=30, width=64):
    return Remembers(depth, width)
"""
SLOWLY = """
import time

def linear(x, weight, bias):
    time.sleep(0.05)
    y = x @ weight.T
    return y if bias is None else y + bias
"""
ON_HUGE_ANSWERS = "def {name}(*given):\n    return torch.zeros(15_000_000)\n"


def graded(
    assignment: str,
    answers: dict[str, str],
    times: int = 1,
    meanwhile: Callable[[], object] = lambda: None,
) -> list[Report]:
    """The reports of a submission that answers some exercises only, submitted so many times."""
    cells = [StudentCell((name,), "import sys\n" + text, name) for name, text in answers.items()]
    handed_in = Submission(assignment, "eve", "eve.ipynb", "", tuple(cells))
    with start_grader(COURSE, assignment, Settings(5, Tier.CONFINED)) as grader:
        meanwhile()
        return [grader.report(handed_in, list(answers)) for _ in range(times)]


def test_a_patched_gradient_makes_no_pair_right() -> None:
    """The ranks of a pair are found in the trusted process, whatever torch is over there."""
    (report,) = graded("a3_iterations", {"silent_vanishing": SPOILT_GRADIENT})
    (exercise,) = report.exercises
    assert exercise.score < exercise.points / 2


@pytest.mark.slow
def test_no_net_can_read_the_labels_that_it_is_tested_with() -> None:
    """A net that looks for labels in every frame above it learns nothing of the test's."""
    (report,) = graded("a6_deep_networks", {"rescue": PEEKS})
    (exercise,) = report.exercises
    learning = next(check for check in exercise.checks if "learns" in check.name)
    assert learning.status != "passed"


@pytest.mark.slow
def test_points_that_are_kept_beside_a_net_are_nothing_learnt() -> None:
    """What a linear net keeps of its training where no tensor of it is helps it in no test."""
    (report,) = graded("a6_deep_networks", {"rescue": REMEMBERS})
    (exercise,) = report.exercises
    learning = next(check for check in exercise.checks if "learns" in check.name)
    assert learning.status == "failed"


@pytest.mark.slow
def test_huge_answers_do_not_fill_the_grader() -> None:
    """Answers of 60 MB, a hundred of them, leave the trusted process below a gigabyte more."""
    names = ["linear", "binary_predict", "multiclass_predict", "collapse", "input_batch"]
    before = peak()
    answers = {name: ON_HUGE_ANSWERS.format(name=name) for name in names}
    (report,) = graded("a1_layers", answers)
    assert {math.ceil(exercise.score) for exercise in report.exercises} == {0}
    assert peak() - before < 1024


def test_a_process_that_the_machine_killed_is_not_held_against_equal_code() -> None:
    """Right code whose process dies from outside earns its points, then or the next time."""
    first, second = graded("a1_layers", {"linear": SLOWLY}, times=2, meanwhile=kill_the_next)
    assert first.score < 14 or first.exercises[0].as_notebook  # the death was noticed
    assert first.score <= second.score == 14
    assert not second.exercises[0].as_notebook


def kill_the_next() -> None:
    """Kill, from outside and soon, the next process that the sandbox opens."""
    known = {child.pid for child in psutil.Process().children(recursive=True)}

    def lie_in_wait() -> None:
        new = list[psutil.Process]()
        while not new:
            time.sleep(0.05)
            every = psutil.Process().children(recursive=True)
            new = [child for child in every if child.pid not in known]
        time.sleep(0.2)
        new[-1].kill()

    threading.Thread(target=lie_in_wait).start()


def peak() -> int:
    """The most memory that this process ever had, in MiB."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024

"""Attacks on what only some exercises have: facts that are found beside the student's code."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from autograder import tiers
from autograder.course import Course
from autograder.grading import Grader
from autograder.model import Report, StudentCell, Submission, Tier
from autograder.plugin import Graders, run_graders
from autograder.source import read_release

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
ON_HUGE_ANSWERS = "def {name}(*given):\n    return torch.zeros(15_000_000)\n"


def graded(assignment: str, answers: dict[str, str]) -> Report:
    """The report of a submission that answers some exercises only."""
    release = read_release(COURSE.release(assignment))
    cells = [StudentCell((name,), "import sys\n" + text, name) for name, text in answers.items()]
    handed_in = Submission(assignment, "eve", "eve.ipynb", "", tuple(cells))
    reports: list[Report] = []
    with tiers.sandbox(release.setup, Tier.CONFINED) as walled:

        def work(graders: Graders) -> None:
            grader = Grader(COURSE, release, graders, seed=5).behind(walled)
            reports.append(grader.report(handed_in, list(answers)))

        run_graders(COURSE.graders(assignment), release, work)
    return reports[0]


def test_a_patched_gradient_makes_no_pair_right() -> None:
    """The ranks of a pair are found in the trusted process, whatever torch is over there."""
    (exercise,) = graded("a3_iterations", {"silent_vanishing": SPOILT_GRADIENT}).exercises
    assert exercise.score < exercise.points / 2


@pytest.mark.slow
def test_no_net_can_read_the_labels_that_it_is_tested_with() -> None:
    """A net that looks for labels in every frame above it learns nothing of the test's."""
    (exercise,) = graded("a6_deep_networks", {"rescue": PEEKS}).exercises
    learning = next(check for check in exercise.checks if "learns" in check.name)
    assert learning.status != "passed"


def test_huge_answers_do_not_fill_the_grader() -> None:
    """Answers of 60 MB, a hundred of them, leave the trusted process below a gigabyte more."""
    names = ["linear", "binary_predict", "multiclass_predict", "collapse", "input_batch"]
    before = peak()
    report = graded("a1_layers", {name: ON_HUGE_ANSWERS.format(name=name) for name in names})
    assert {math.ceil(exercise.score) for exercise in report.exercises} == {0}
    assert peak() - before < 1024


def peak() -> int:
    """The most memory that this process ever had, in MiB."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024

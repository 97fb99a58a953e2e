"""An exercise that is a class, an nn.Module, graded through probes."""

from autograder.course.layout import Course
from autograder.grading import verify
from autograder.grading.start import start_grader
from autograder.model import Job, Settings
from autograder.targets.committed import tree
from autograder.targets.tree import write
from tests.support.courses import NAME, hand_in, write_course

REFERENCE = '''\
class half(nn.Module):
    """Halves what comes in, and learns a bias."""

    def __init__(self, size: int) -> None:
        super().__init__()
        ### BEGIN SOLUTION
        self.bias = nn.Parameter(torch.zeros(size))
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        ### BEGIN SOLUTION
        return x / 2 + self.bias
        ### END SOLUTION'''
GRADERS = '''\
"""Hidden checks of week1."""

import pytest
import torch

from autograder.authoring import assert_same


def forward(solution, size, x, bias):
    """What the module returns with this bias."""
    module = solution.half(size)
    with torch.no_grad():
        module.bias.copy_(bias)
    return module(x).detach()


def parameters(solution, size):
    """The names and shapes of what it learns."""
    return {name: list(p.shape) for name, p in solution.half(size).named_parameters()}


@pytest.mark.exercise("half", weight=2)
def test_forward(same, draw):
    """Halves what comes in and adds its bias."""
    same.run(forward, 3, draw(4, 3), draw(3))


@pytest.mark.exercise("half")
def test_parameters(same):
    """Learns one bias for each feature, and nothing else."""
    same.run(parameters, 5)
'''
MISTAKES = '''\
"""Known mistakes, and other correct solutions, of week1."""

import torch
from torch import nn

from autograder.authoring import alternative, mistake


class _Base(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(size))


@mistake("half", "What happens to the bias?")
class forgets_the_bias(_Base):
    def forward(self, x):
        return x / 2


@alternative("half")
class by_multiplying(_Base):
    def forward(self, x):
        return torch.add(self.bias, x, alpha=0.5)
'''
RIGHT = REFERENCE.replace("        ### BEGIN SOLUTION\n", "").replace(
    "        ### END SOLUTION\n", ""
)


def test_a_class_is_verified_and_graded(tmp_path):
    """Reference and alternative pass, the mistake is named, the stub earns nothing."""
    home = write_course(
        tmp_path / "course",
        reference=REFERENCE,
        visible="call(half(2), torch.ones(2)).holds('it halves', lambda r: bool((r == 0.5).all()))",
        setup="from torch import nn",
    )
    home.graders(NAME).write_text(GRADERS)
    home.mistakes(NAME).write_text(MISTAKES)
    write(tree(home, NAME), home.root)
    course = Course(home.root)
    verdicts = verify.verify(course, NAME, [3])
    assert verdicts.faults == []
    assert verdicts.named == {("half", "forgets_the_bias"): True}
    plain = RIGHT.replace("nn.Parameter(torch.zeros(size))", "torch.zeros(size)")
    answers = {"right": RIGHT, "no parameter": plain}
    with start_grader(course, NAME, Settings(3)) as grader:
        scores = {
            who: grader.grade(Job(who, hand_in(course, tmp_path / who, text))).score
            for who, text in answers.items()
        }
    assert scores["right"] == 10
    assert 0 < scores["no parameter"] < 10
    stub = course.release(NAME).read_text()
    assert "class half(nn.Module)" in stub
    assert "nn.Parameter" not in stub

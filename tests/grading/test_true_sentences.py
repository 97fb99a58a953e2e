"""Sentences that would be untrue of an answer are not said of it, though they fit some calls."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.course.layout import Course
from autograder.grading.start import start_grader
from autograder.model import ExerciseReport, Settings, StudentCell, Submission, Tier

COURSE = Course(Path(__file__).parents[2])
# An answer, and words that are untrue of it.
UNTRUE = {
    "its smallest probabilities are too large, not 0": ("a5_losses", "softmax", "makes them 0", """
def softmax(z, dim=-1):
    e = (z - z.amax(dim, keepdim=True)).clamp(min=-30).exp()
    return e / e.sum(dim, keepdim=True)
"""),
    "its negative values keep their signs": ("a5_losses", "logit_threshold", "signs", """
import math
def logit_threshold(p):
    try:
        return math.log(p / (1 - p))
    except (ValueError, ZeroDivisionError):
        return math.inf
"""),
    "most positive values are right": ("a3_iterations", "repeat_square", "positive", """
def repeat_square(x, n=20):
    for _ in range(n):
        x = x @ x if x.dim() == 2 and x.shape[0] == x.shape[1] else x * x
    return x
"""),
    "its digits are right except near 0": ("a2_activations", "tanh_from_sigmoid", "digits only", """
def tanh_from_sigmoid(x):
    return torch.where(x.abs() < 0.01, x - x * x, 2 * torch.sigmoid(2 * x) - 1)
"""),
    "its values are right where it ends": ("a6_deep_networks", "train_step", "digits", """
def train_step(model, x, y, loss_fn, optimizer, max_norm=None):
    optimizer.zero_grad()
    loss = loss_fn(model(x), y)
    loss.backward()
    if max_norm is not None:
        norm = torch.stack([p.grad.square().sum() for p in model.parameters()]).sum().sqrt()
        for p in model.parameters():
            p.grad.mul_((max_norm / norm).clamp(max=1))
    optimizer.step()
    return loss.item()
"""),
    "of many right cures, none is twice another": ("a6_deep_networks", "cures", "factor", """
def cures():
    return {"quiet": ("skip", True), "loud": ("scale", 0.56), "flat": ("act", "relu"),
            "faint": ("gain", 1.2), "stacked": ("norm", True)}
"""),
    "its values are right, though its argument changes": (
        "a6_deep_networks", "residual", "notebook – not yet. The values", """
def residual(x, f, scale=1.0):
    y = f(x)
    out = x.detach()
    out += scale * y
    return out
"""),
    "its gradient is wrong, and finite": ("a6_deep_networks", "layer_norm", "finite", """
def layer_norm(x, gamma, beta, eps=1e-5):
    with torch.no_grad():
        mean, scale = x.mean(-1, keepdim=True), (x.var(-1, False, keepdim=True) + eps).rsqrt()
    return (x - mean) * scale * gamma + beta
"""),
    "its parameters may come from a generator": (
        "a6_deep_networks", "clip_global_norm", "generator", """
def clip_global_norm(params, max_norm):
    params = list(params)
    if all(p.grad is None for p in params):
        return torch.tensor(0.0)
    for p in params:
        p.grad = torch.zeros_like(p) if p.grad is None else p.grad
    norm = torch.stack([p.grad.norm() for p in params]).norm()
    for p in params if norm > max_norm else ():
        p.grad.mul_(max_norm / norm)
    return norm
"""),
}  # fmt: skip


def told(assignment: str, exercise: str, text: str) -> ExerciseReport:
    """What becomes of one answer."""
    cells = (StudentCell((exercise,), text, exercise),)
    submission = Submission(assignment, "ana", "ana.ipynb", "", cells)
    with start_grader(COURSE, assignment, Settings(5, Tier.CONFINED)) as grader:
        return grader.report(submission, [exercise]).exercises[0]


@pytest.mark.parametrize("case", UNTRUE)
def test_what_is_untrue_is_not_said(case: str) -> None:
    """A line that fits a known mistake, or most calls, is told only where it is true."""
    assignment, exercise, words, text = UNTRUE[case]
    own = told(assignment, exercise, text)
    assert own.score < own.points
    assert not [remark for remark in own.remarks if words in remark]

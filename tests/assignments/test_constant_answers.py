"""An answer that does nothing earns next to nothing, whatever facts are right about it."""

from __future__ import annotations

import pytest

from autograder.course.layout import Course
from autograder.course.source import read_release
from autograder.grading.start import start_grader
from autograder.model import Settings, StudentCell, Submission, Tier
from tests.conftest import ROOT

COURSE = Course(ROOT)
NAMES = COURSE.assignments()
MOST = 0.1  # of an exercise's points
BODIES = (
    "0", "None", "torch.zeros(())", "torch.zeros(3)", "(0, 0)", "{}", "given[0] if given else 0",
    "(torch.zeros(()), torch.zeros(()))", "given[0] * 0", "(given[0], given[0])", "nn.Identity()",
    "torch.zeros_like(given[0])",
)  # fmt: skip


@pytest.mark.parametrize(
    "name", [NAMES[0], *(pytest.param(name, marks=pytest.mark.slow) for name in NAMES[1:])]
)
def test_a_constant_earns_at_most_a_tenth(name: str) -> None:
    """Zeros, nothing, or the argument itself, in each exercise that does not train."""
    exercises = read_release(COURSE.release(name)).exercises
    found = {}
    with start_grader(COURSE, name, Settings(5, Tier.CONFINED)) as grader:
        for exercise in exercises:
            for body in BODIES if exercise.id not in grader.slow else ():
                code = f"def {exercise.id}(*given, **named):\n    return {body}"
                cells = (StudentCell((exercise.id,), code, "cell 1"),)
                submission = Submission(name, "eve", "", "", cells)
                (report,) = grader.report(submission, [exercise.id]).exercises
                if report.score > MOST * report.points:
                    found[exercise.id, body] = report.score
    assert found == {}

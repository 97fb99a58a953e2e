"""The reference behind the wall: where student code computes on a GPU, so does it."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import pytest

from autograder.course.layout import load
from autograder.course.source import read_release
from autograder.errors import InfrastructureError
from autograder.grading.checks import outcome_of
from autograder.grading.grader import Grader, Preparation
from autograder.grading.handles import InProcess
from autograder.model import Report, Status, StudentCell, Submission, Tier
from autograder.sandbox import tiers
from autograder.sandbox.answers import Stopped
from autograder.sandbox.session import InSandbox
from tests.gpu.support import COURSE, SEED


def graded(name: str) -> tuple[Grader, Report]:
    """The reference submitted, and judged by the reference behind the wall."""
    assignment = read_release(COURSE.release(name))
    prepared = Preparation(COURSE, assignment, SEED)
    text = COURSE.solution(name).read_text(encoding="utf-8")
    settings = COURSE.config.sandbox
    with (
        tiers.start(assignment.setup, Tier.CONFINED, settings) as sandbox,
        closing(Grader(prepared, replace(sandbox, gpu="a GPU"))) as grader,
    ):
        ids = tuple(e.id for e in assignment.exercises if e.id not in grader.slow)
        submission = Submission(name, "s", "", "", (StudentCell(ids, text, "cell 1"),))
        return grader, grader.report(submission, ids)


def test_it_answers_as_in_the_trusted_process() -> None:
    """Full marks for the reference, every answer as the trusted process's own, and a named GPU."""
    name = "a1_layers"
    grader, report = graded(name)
    checks = [check for exercise in report.exercises for check in exercise.checks]
    assert {check.status for check in checks} == {Status.PASSED}
    assert (report.environment["device"], report.environment["gpu"]) == ("cuda", "a GPU")
    own = InProcess(vars(load(COURSE.solution(name))), list(grader.assignment.setup))
    assert isinstance(grader._reference, InSandbox)
    errors = {frame: answer.error for frame, answer in grader._reference.answers.items()}
    assert len(errors) > 50
    assert errors == {frame: own.ask(frame).error for frame in errors}


class Dead:
    """A session whose process dies on every question."""

    def ask(self, frame: bytes, deadline: float) -> None:
        """Give no answer."""
        raise Stopped(Status.CRASHED)


def test_a_reference_that_dies_is_nobodys_mistake() -> None:
    """It is the machine's failure, and no check is failed for it."""
    with pytest.raises(InfrastructureError, match="reference itself was crashed") as failure:
        InSandbox(Dead()).ask(b"")  # type: ignore[arg-type]
    with pytest.raises(InfrastructureError):
        outcome_of(failure.value, 5.0)


def test_a_students_error_is_still_outcome_of() -> None:
    """Only the machine's failures pass through the judgement."""
    assert outcome_of(Stopped(Status.TIMED_OUT), 5.0).status is Status.TIMED_OUT

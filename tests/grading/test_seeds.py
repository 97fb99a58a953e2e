"""One warm grader grades with many seeds, each as a grader of that seed alone would."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.course.source import read_release
from autograder.grading.grader import Grader, Preparation
from autograder.model import Job, Report, Settings, Tier
from autograder.sandbox import tiers
from autograder.sandbox.launch import launch
from autograder.sandbox.tiers import Sandbox
from tests.support.courses import NAME, hand_in, write_course

# Right for a table whose first number is above 0: seeds decide.
ANSWER = """
def half(x):
    return x / 2 if x.flatten()[0] > 0 else x
"""


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Preparation, Sandbox, Path]]:
    """A tiny course prepared with seed 0, a real sandbox, and an answer."""
    root = tmp_path_factory.mktemp("seeds")
    course = write_course(root / "course")
    assignment = read_release(course.release(NAME))
    with ExitStack() as stack:
        process = stack.enter_context(launch(assignment.setup, course.config.sandbox, None))
        sandbox = stack.enter_context(
            tiers.ready(process, Settings(0, Tier.SEPARATE).require, course.secrets())
        )
        yield Preparation(course, assignment, 0), sandbox, hand_in(course, root / "in", ANSWER)


def said(report: Report) -> Report:
    """A report without when and how fast it was made."""
    parts = (
        replace(part, checks=tuple(replace(check, seconds=0.0) for check in part.checks))
        for part in report.exercises
    )
    return replace(report, exercises=tuple(parts), seconds=0.0, graded_at="")


def test_a_seed_that_a_job_names_gives_what_a_grader_of_that_seed_gives(
    parts: tuple[Preparation, Sandbox, Path],
) -> None:
    """More seeds than are kept, and the first one again: reports differ by nothing but time."""
    prepared, sandbox, path = parts
    warm = Grader(prepared, sandbox)
    course, assignment = prepared.course, prepared.assignment
    scores = set()
    for seed in (*range(1, 13), 1, 0):
        alone = Grader(Preparation(course, assignment, seed), sandbox).grade(Job("ada", path))
        found = warm.grade(Job("ada", path, seed=seed))
        assert found.seed == seed
        assert said(found) == said(alone)
        scores.add(found.score)
    assert len(scores) > 1  # the seeds did ask other things
    assert said(warm.grade(Job("ada", path))) == said(warm.grade(Job("ada", path, seed=0)))

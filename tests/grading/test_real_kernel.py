"""What passes in a real Jupyter kernel passes here: notebooks drawn from the right answers."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import pytest

from autograder.grading.start import start_grader
from autograder.model import Settings, Status, Tier
from autograder.submissions import read
from tests.support.kernels import passing
from tests.support.own_notebooks import COURSE, drawn, solutions

QUICK = [("a1_layers", range(2)), ("a4_gradient_flow", range(1))]
COUNT = int(os.environ.get("AUTOGRADER_NOTEBOOKS", "3"))  # of each assignment; the more, the longer
MANY = [(name, range(10, 10 + COUNT)) for name in COURSE.assignments()]


def check(name: str, seeds: range, folder: Path) -> None:
    """Every exercise whose visible check passes in the kernel earns all its points."""
    lost = []
    with start_grader(COURSE, name, Settings(5, Tier.CONFINED)) as grader:
        for seed in seeds:
            notebook = drawn(name, seed)
            place = folder / str(seed)
            place.mkdir()
            right = passing(notebook, place, solutions(name))
            assert right
            content = nbformat.writes(notebook).encode()
            report = grader.report(read.parse(content, "a.ipynb", grader.assignment, "ana"))
            lost += [
                (seed, exercise.id, exercise.remarks)
                for exercise in report.exercises
                if exercise.id in right and exercise.status is not Status.PASSED
            ]
    assert not lost


@pytest.mark.parametrize(("name", "seeds"), QUICK, ids=[name for name, _ in QUICK])
def test_what_passes_in_a_kernel_passes_here(name: str, seeds: range, tmp_path: Path) -> None:
    """Right answers keep their points in whatever form and place a notebook has them."""
    check(name, seeds, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "seeds"), MANY, ids=[name for name, _ in MANY])
def test_what_passes_in_many_kernels_passes_here(name: str, seeds: range, tmp_path: Path) -> None:
    """So do many more notebooks, of every assignment."""
    check(name, seeds, tmp_path)

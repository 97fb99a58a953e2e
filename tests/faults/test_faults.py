"""Every accident of this folder, on every tier of this machine, as root and as a user."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from autograder.model import Report
from tests.support import cases, runners
from tests.support.cases import Case
from tests.support.expectations import differences
from tests.support.runners import Runner

CASES = cases.in_folder(Path(__file__).parent)
PAIRS = [
    pytest.param(case, runner, id=f"{case.id}-{runner.name}")
    for runner in runners.available()
    for case in CASES
]


@functools.cache
def graded(runner: Runner) -> dict[str, Report]:
    """All cases, graded by one warm worker."""
    return runners.grade_cases(runner, CASES)


@pytest.mark.parametrize(("case", "runner"), PAIRS)
def test_fault(case: Case, runner: Runner) -> None:
    """An accident costs a correct student nothing, or what its row says, and is explained."""
    assert not differences(case, graded(runner)[case.id])

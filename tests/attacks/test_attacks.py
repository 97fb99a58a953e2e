"""Every cheat of this folder, against every tier of this machine, as root and as a user."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import cases, runners
from tests.support.cases import Case
from tests.support.expectations import differences
from tests.support.runners import Reports, Runner

CASES = cases.in_folder(Path(__file__).parent)
PAIRS = [
    pytest.param(case, runner, id=f"{case.id}-{runner.name}")
    for runner in runners.available()
    for case in CASES
]


@pytest.fixture(scope="module")
def reports(request: pytest.FixtureRequest) -> Reports:
    """The reports of all selected cases, graded by one warm worker for each way to grade."""
    return runners.grade_selected(request)


@pytest.mark.parametrize(("case", "runner"), PAIRS)
def test_attack(case: Case, runner: Runner, reports: Reports) -> None:
    """A cheat earns what its wrong answer earns, and moves no other exercise."""
    assert not differences(case, reports[case.id, runner])

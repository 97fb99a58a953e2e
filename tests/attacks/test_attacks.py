"""Every cheat of this folder, against every tier of this machine, as root and as a user."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import suite
from tests.support.cases import Case
from tests.support.expectations import differences
from tests.support.runners import Reports, Runner

PAIRS = suite.each_case_on_each_runner(Path(__file__).parent, quick=2)
reports = suite.reports  # the fixture


@pytest.mark.parametrize(("case", "runner"), PAIRS)
def test_attack(case: Case, runner: Runner, reports: Reports) -> None:
    """A cheat earns what its case expects: what its wrong answer earns without it."""
    assert not differences(case, reports[case.name, runner])

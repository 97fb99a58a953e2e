"""What the suites of cheats and of accidents share: who grades which case, and the reports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support import cases, runners
from tests.support.runners import Reports, Runner


def each_runner() -> list[Any]:
    """Parameters of a test: all ways to grade, those after the first marked slow."""
    return [
        pytest.param(runner, id=runner.name, marks=_slow(runner not in quick_runners(1)))
        for runner in runners.available()
    ]


def each_case_on_each_runner(folder: Path, quick: int) -> list[Any]:
    """Parameters of a test: all cases of a folder on all ways to grade.

    Those ways are marked slow that are not among so many quick ones; cases that only end by their
    limits are quick on the first way alone.
    """
    return [
        pytest.param(
            case,
            runner,
            id=f"{case.id}-{runner.name}",
            marks=_slow(runner not in quick_runners(1 if case.hurried else quick)),
        )
        for runner in runners.available()
        for case in cases.in_folder(folder)
    ]


def quick_runners(count: int) -> list[Runner]:
    """The first ways to grade that differ in their tier."""
    ways = runners.available()
    tiers = list(dict.fromkeys(way.tier for way in ways))[:count]
    return [next(way for way in ways if way.tier is tier) for tier in tiers]


def _slow(is_slow: bool) -> list[pytest.MarkDecorator]:
    return [pytest.mark.slow] if is_slow else []


@pytest.fixture(scope="module")
def reports(request: pytest.FixtureRequest) -> Reports:
    """The reports of all selected cases, graded by one warm worker for each way to grade."""
    return runners.grade_selected(request)

"""The README is short, and its figures and the comparison page's are those on record."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

import pytest

from autograder import __version__
from autograder.course.layout import Course
from autograder.course.source import read_release
from benchmarks import attacks
from tests.conftest import ROOT

GRADING = ROOT / "benchmarks" / "records" / "grading.json"
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMPARISON = (ROOT / "docs" / "comparison.md").read_text(encoding="utf-8")


def rows(page: str) -> dict[str, list[str]]:
    """The rows of all tables of a page, by their first cell."""
    lines = [line.strip("|").split("|") for line in page.splitlines() if line.startswith("|")]
    return {first.strip(): [cell.strip() for cell in cells] for first, *cells in lines}


@pytest.fixture(name="costs")
def what_grading_cost() -> dict[str, Any]:
    """What grading cost when it was last measured, by grader."""
    return {cost["grader"]: cost for cost in json.loads(GRADING.read_text())["costs"]}


def test_the_readme_can_be_read_in_one_go() -> None:
    """It has at most 120 lines, none of them very long."""
    lines = README.splitlines()
    assert len(lines) <= 120
    assert [line for line in lines if len(line) > 110 and not line.startswith("![")] == []


def test_the_table_says_how_often_each_grader_withstood() -> None:
    """Cheats and accidents are counted from the record."""
    recorded = json.loads(attacks.RECORD.read_text())
    for kind, words in (("cheats", "cheats that get"), ("accidents", "accidents that lose")):
        found = recorded[kind]
        counts = [
            sum(row["verdicts"][grader] in attacks.GOOD for row in found)
            for grader in (attacks.OURS, attacks.NBGRADER, attacks.OTTER)
        ]
        row = f"| {words} no points, of {len(found)} | {' | '.join(map(str, counts))} |"
        assert row in README


def test_the_table_says_what_a_submission_costs(costs: dict[str, Any]) -> None:
    """Processor time is the measured one, for the versions that were measured."""
    measured = {name: cost["cpu_seconds"] for name, cost in costs.items()}
    graders = ["this project, class", *(name for name in measured if re.search(r"\d$", name))]
    cells = [f"{measured[name]:.3f}" for name in graders]
    assert rows(README)["processor time for one submission, in seconds"] == cells
    assert f"| | this project | {' | '.join(graders[1:])} |" in README


def test_the_comparison_says_what_was_measured(costs: dict[str, Any]) -> None:
    """Its table of costs is that of the record."""
    table = rows(COMPARISON)
    for name, cost in costs.items():
        if name in ("floor", "walled"):
            assert f"{cost['cpu_seconds']:.3f} s" in COMPARISON
            continue
        shown = table[name.removesuffix(", class")]
        assert shown[:2] == [f"{cost['cpu_seconds']:.3f}", f"{cost['wall_seconds']:.3f}"]


def test_the_course_has_as_many_exercises_as_the_readme_says(course: Course) -> None:
    """Each assignment has its row with its number of exercises, without a bonus."""
    shown = {name.strip("`"): cells[-1] for name, cells in rows(README).items()}
    for name in course.assignments():
        exercises = read_release(course.release(name)).exercises
        assert shown[name] == str(sum(not exercise.bonus for exercise in exercises))


def test_the_version_is_the_same_everywhere() -> None:
    """The citation names the version of the engine, and the changes have it too."""
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"\nversion: {__version__}\n" in citation
    assert f"\n## {__version__}" in changes
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["tool"]["setuptools"]["dynamic"]["version"]["attr"] == "autograder.__version__"

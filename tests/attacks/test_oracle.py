"""Handing in again and again teaches nobody the hidden inputs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from autograder.course.layout import Course
from autograder.model import Report, Tier
from autograder.running.batch import make_plan
from tests.support import cases, runners
from tests.support.cases import ASSIGNMENT, ROOT
from tests.support.forms import Cell

FOLDER = Path(__file__).parent


def test_inputs_are_drawn_anew(tmp_path: Path) -> None:
    """Without results to agree with, every grading draws other inputs."""
    plans = [
        make_plan(Course(ROOT), ASSIGNMENT, tmp_path, None, Tier.ISOLATED, fresh=fresh)
        for fresh in (True, True, False, False)
    ]
    assert len({plan.settings.seed for plan in plans}) == len(plans)


def test_hidden_checks_do_not_say_how_wrong_an_answer_is(shared: Path) -> None:
    """Two wrong answers of one kind are told the same, whatever their values are."""
    wrong = cases.read(FOLDER / "notebooks" / "raises_its_points_in_the_metadata.py")
    files = []
    for name, value in (("low", "-1e3"), ("high", "1e3")):
        answer = f"def linear(x, weight, bias):\n    return {value} + F.linear(x, weight, bias)"
        cells = tuple(
            Cell(answer, c.grade_id) if c.grade_id == "linear" else c for c in wrong.cells
        )
        files.append(replace(wrong, id=name, form="notebook", cells=cells).write(shared))
    reports = runners.grade(runners.available()[0], files)
    assert said(reports["low"]) == said(reports["high"])
    assert said(reports["low"])


def said(report: Report) -> list[tuple[str, str]]:
    """What the hidden checks of linear say."""
    (part,) = (part for part in report.exercises if part.id == "linear")
    return [(check.status, check.message) for check in part.checks if check.hidden]

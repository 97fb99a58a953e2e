"""The course grades itself: no wrong verdict on any reference, stub, mistake or alternative."""

import json

import pytest

from autograder.course.layout import Course, load
from autograder.course.mistakes import entries
from autograder.grading import verify
from tests.conftest import ROOT, autograder
from tests.support.courses import GRADERS, write_course
from tests.support.courses import NAME as WEEK

NAMES = Course(ROOT).assignments()


@pytest.fixture(scope="module")
def verdicts():
    """What ``autograder verify`` says of every assignment, with one fresh seed each.

    The capstone's entries train for minutes; make verify runs them, with twenty seeds.
    """

    def run(name: str) -> dict:
        done = autograder("verify", name, "--no-slow", "--json")
        assert done.stdout, done.stderr
        return json.loads(done.stdout)[0]

    return {name: run(name) for name in NAMES}


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_no_verdict_is_wrong(verdicts, name):
    """References and alternatives have all points, stubs none, each mistake loses its own."""
    assert verdicts[name]["faults"] == []
    assert "missed" not in verdicts[name]["caught"].values()


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_most_mistakes_are_named(verdicts, name):
    """The report of at least nine mistakes in ten shows that very mistake's tutor line."""
    assert verdicts[name]["named"] >= 0.9 * len(verdicts[name]["caught"])


def test_the_bank_is_rich(course):
    """At least 220 mistakes and 90 alternatives, and two alternatives for each exercise."""
    bank = [entry for name in NAMES for entry in entries(load(course.mistakes(name)))]
    right = [entry.exercise for entry in bank if entry.tutor is None]
    assert len(bank) - len(right) >= 220
    assert len(right) >= 90
    assert min(right.count(entry.exercise) for entry in bank) >= 2


def test_a_check_that_cannot_fail_is_noticed(tmp_path):
    """With a grader that asserts nothing, verify names the mistakes that it lets through."""
    weak = GRADERS.replace("same.half(draw(3, 4))", "draw(3, 4)")
    faults = verify.verify(write_course(tmp_path, weak), WEEK, [1]).faults
    assert any(fault.startswith("half: the mistake doubles loses nothing") for fault in faults)
    assert any("the untouched stub passes any_table" in fault for fault in faults)

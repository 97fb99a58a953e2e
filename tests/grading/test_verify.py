"""The course grades itself: no wrong verdict on any reference, stub, mistake or alternative."""

import json

import pytest

from autograder.course.layout import Course, load
from autograder.course.mistakes import entries
from autograder.course.scaffold import new_course, new_exercise
from autograder.grading import verify
from autograder.targets.committed import tree
from autograder.targets.tree import write
from tests.conftest import ROOT, autograder
from tests.support.courses import GRADERS, write_course
from tests.support.courses import NAME as WEEK

NAMES = Course(ROOT).assignments()
DOUBLED = "np.array([[1.0], [3.0]])).returns(np.array([[-2.0], [2.0]]))"


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_no_verdict_is_wrong_and_most_mistakes_are_named(name):
    """References and alternatives have all points, stubs none, each mistake loses its own.

    The report of at least nine mistakes in ten shows that very mistake's tutor line. The capstone's
    entries train for minutes; make verify runs them, with twenty seeds.
    """
    done = autograder("verify", name, "--no-slow", "--json")
    assert done.stdout, done.stderr
    verdicts = json.loads(done.stdout)[0]
    assert verdicts["faults"] == []
    assert "missed" not in verdicts["caught"].values()
    assert verdicts["named"] >= 0.9 * len(verdicts["caught"])


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


def test_exercises_that_build_on_another_may_fail_with_it(tmp_path):
    """A reference may call another exercise's function: its mistakes spoil both, as they should."""
    new_course(tmp_path / "course", "numpy")
    course = Course(tmp_path / "course")
    new_exercise(course, "week1", "doubled")
    for path in course.source("week1").parent.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        text = text.replace("TODO  # the reference solution", "return 2 * standardize(x)")
        text = text.replace("np.array([1.0, 2.0])).returns(TODO)", DOUBLED)
        path.write_text(text.replace("TODO: ", "").replace("TODO", ""), encoding="utf-8")
    write(tree(course, "week1"), course.root)
    assert verify.verify(course, "week1", [1]).faults == []

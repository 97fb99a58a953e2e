"""An exercise that is a value, or a small table, which a cell leaves behind."""

from autograder.grading import verify
from autograder.grading.start import start_grader
from autograder.model import Job, Settings, Status
from autograder.targets.committed import tree
from autograder.targets.tree import write
from tests.support.courses import NAME, hand_in, write_course

REFERENCE = """\
### BEGIN SOLUTION
rows = [[1, 2.0], [2, 4.0]]
half = np.array(rows)
### END SOLUTION"""
GRADERS = '''\
"""Hidden checks of week1."""

import pytest


def columns(solution):
    """The sums of the columns."""
    return [float(x) for x in solution.half.sum(axis=0)]


@pytest.mark.exercise("half")
def test_table(same):
    """The table holds each number and its double."""
    same.half()


@pytest.mark.exercise("half")
def test_columns(same):
    """The columns have the right sums."""
    same.run(columns)
'''
MISTAKES = '''\
"""Known mistakes, and other correct solutions, of week1."""

import numpy as np

from autograder.authoring import alternative, mistake


@mistake("half", "Which column is the double of which?")
def turned():
    return np.array([[1, 2.0], [2, 4.0]])[:, ::-1]
'''


def test_a_value_is_verified_and_graded(tmp_path):
    """Any way to make it counts, a function in its place too; what is missing is told."""
    course = write_course(
        tmp_path / "course",
        reference=REFERENCE,
        visible="call.value(half).holds('two rows', lambda table: len(table) == 2)",
        setup="import numpy as np",
    )
    course.graders(NAME).write_text(GRADERS)
    course.mistakes(NAME).write_text(MISTAKES)
    write(tree(course, NAME), course.root)
    verdicts = verify.verify(course, NAME, [3])
    assert verdicts.faults == []
    assert verdicts.caught == {("half", "turned"): "hidden"}
    answers = {
        "right": "half = np.outer([1, 2], [1.0, 2.0])",
        "step by step": "half = np.zeros((2, 2))\nhalf[0] = 1, 2\nhalf[1] = 2, 4",
        "wrong": "half = np.array([[1, 2.0], [2, 5.0]])",
        "another name": "table = np.outer([1, 2], [1.0, 2.0])",
        "stops": "half = np.outer([1, 2], [1.0, 2.0]) / nothing",
    }
    with start_grader(course, NAME, Settings(3)) as grader:
        reports = {
            who: grader.grade(Job(who, hand_in(course, tmp_path / who, text)))
            for who, text in answers.items()
        }
    scores = {who: report.score for who, report in reports.items()}
    assert scores == {
        "right": 10, "step by step": 10, "wrong": 0, "another name": 0, "stops": 0,
    }  # fmt: skip
    assert reports["stops"].exercises[0].status is Status.CRASHED


def test_a_mistake_in_a_value_is_named(tmp_path):
    """The value alone tells which known mistake it is; another wrong value is called none."""
    course = write_course(
        tmp_path / "course",
        reference=REFERENCE,
        visible="call.value(half).holds('two rows', lambda table: len(table) == 2)",
        setup="import numpy as np",
    )
    course.graders(NAME).write_text(
        GRADERS.partition('@pytest.mark.exercise("half")\ndef test_columns')[0]
    )
    course.mistakes(NAME).write_text(MISTAKES)
    write(tree(course, NAME), course.root)
    answers = {
        "turned": "half = np.array([[2.0, 1.0], [4.0, 2.0]])",
        "unknown": "half = np.array([[1, 2.0], [2, 5.0]])",
    }
    with start_grader(course, NAME, Settings(3)) as grader:
        for who, text in answers.items():
            (exercise,) = grader.grade(Job(who, hand_in(course, tmp_path / who, text))).exercises
            assert exercise.mistake == (who if who == "turned" else None)

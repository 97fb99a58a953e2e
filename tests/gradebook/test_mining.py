"""Mining does not pay: a robot with a thousand answers gains no point and finds no hidden input."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from autograder.course.layout import Course
from autograder.course.policy import Disclosure
from autograder.course.source import read_release
from autograder.gradebook.seeds import attempt_seed
from autograder.grading.draw import Draw, derived_seed
from autograder.model import Job, Report, Settings, Tier
from autograder.report.disclosure import disclosed
from tests.support.courses import NAME, hand_in, write_course

ANSWERS = 1000
CHECK = "test_any_table"  # of the tiny course
SECRET = b"of this course"
HALVES_IF = """
def half(x):
    return x / 2 if x.flatten()[0] > {threshold} else x
"""
TIMES = """
def half(x):
    return x * {factor} + {shift}
"""
GradeOne = Callable[[str, int], Report]


@pytest.fixture(scope="module")
def grade(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GradeOne]:
    """A real grader of a tiny course behind the wall, for any answer with any seed."""
    from autograder.grading.grader import Grader, Preparation
    from autograder.sandbox import tiers
    from autograder.sandbox.launch import launch

    root = tmp_path_factory.mktemp("mining")
    course: Course = write_course(root / "course")
    assignment = read_release(course.release(NAME))
    settings = Settings(0, Tier.SEPARATE)
    with ExitStack() as stack:
        process = stack.enter_context(launch(assignment.setup, course.config.sandbox, None))
        sandbox = stack.enter_context(tiers.ready(process, settings.require, course.secrets()))
        graders: dict[int, Grader] = {}

        def one(answer: str, seed: int) -> Report:
            if seed not in graders:
                graders[seed] = Grader(Preparation(course, assignment, seed), sandbox)
            return graders[seed].grade(Job("robot", hand_in(course, root / "in", answer)))

        yield one


def learned(report: Report) -> bool:
    """All that the robot reads: whether its answer passed, by the most generous policy."""
    return disclosed(report, Disclosure.MISTAKES).score > 0


def search(grade: GradeOne, seed: Callable[[int], int], attempts: int = 12) -> tuple[float, float]:
    """Halve the range in which the first hidden number lies, by whether an answer passes."""
    low, high = -4.0, 4.0
    for number in range(1, attempts + 1):
        middle = (low + high) / 2
        if learned(grade(HALVES_IF.format(threshold=middle), seed(number))):
            low = middle
        else:
            high = middle
    return low, high


def hidden_number(seed: int) -> float:
    """The first number of the check's table."""
    return float(Draw(derived_seed(seed, CHECK))(3, 4).flatten()[0])


@pytest.mark.slow
def test_a_hidden_input_is_found_only_where_all_attempts_have_one_seed(grade: GradeOne) -> None:
    """The attack works on a fixed seed, which shows that it is one; with a seed each it fails."""
    low, high = search(grade, lambda number: 7)
    assert low <= hidden_number(7) <= high
    assert high - low < 0.01
    seeds = [attempt_seed(SECRET, NAME, number) for number in range(20)]
    low, high = search(grade, lambda number: seeds[number])
    assert not any(low <= hidden_number(seed) <= high for seed in (seeds[0], *seeds[13:]))


@pytest.mark.slow
def test_a_thousand_answers_gain_nothing(grade: GradeOne) -> None:
    """What the best of them scored by luck is gone when it is confirmed with a seed of its own."""
    chance = random.Random(11)
    seeds = [attempt_seed(SECRET, NAME, number) for number in range(9)]
    honest = grade(TIMES.format(factor=0.75, shift=0), seeds[0]).score
    best: tuple[float, str] = (0.0, TIMES.format(factor=0.9, shift=0))
    for number in range(ANSWERS):
        factor = chance.choice((chance.uniform(-2, 0.49), chance.uniform(0.51, 2)))
        answer = TIMES.format(factor=factor, shift=chance.choice((0, 0, chance.gauss(0, 1))))
        best = max(best, (grade(answer, seeds[1 + number % 8]).score, answer))
    assert grade(best[1], seeds[0]).score <= honest

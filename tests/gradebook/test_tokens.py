"""Tokens and hints: feedback comes back with time, and no line is read twice."""

import datetime
from dataclasses import replace

import pytest

from autograder.course.policy import Tokens
from autograder.gradebook.attempts import State
from autograder.gradebook.hints import with_next_hint, with_next_hints
from autograder.gradebook.seeds import attempt_seed
from autograder.gradebook.tokens import balance, turns
from autograder.model import Status
from tests.gradebook.factory import DUE, after, attempt
from tests.report.factory import exercise, report, slipped

HOUR = datetime.timedelta(hours=1)
TWO_A_DAY = Tokens(2, 24 * HOUR)


def at(*hours):
    """Attempts so many hours before or after the due time."""
    return [attempt(n, received=after(hours=hour)) for n, hour in enumerate(hours, 1)]


def shown(attempts, tokens=TWO_A_DAY):
    """The hours at which feedback is shown, relative to the due time."""
    return [turn.shown and (turn.shown - after()) / HOUR for turn in turns(attempts, tokens, DUE)]


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        ([-10, -9], [-10, -9]),
        ([-10, -9, -8], [-10, -9, 14]),  # a day after the first
        ([-10, -9, -8, -7, -6], [-10, -9, None, None, 14]),  # the newest takes the token
        ([-10, -9, -8, 14.5], [-10, -9, 14, 15]),
        ([-40, -20, -15], [-40, -20, -15]),
    ],
)
def test_a_token_comes_back_when_its_window_has_passed(hours, expected):
    """Two are there in any 24 hours; while none is, the newest attempt waits for the next."""
    assert shown(at(*hours)) == expected


def test_who_starts_early_reads_more_often():
    """Further than a day before the due time, three are there and not two."""
    early = Tokens(2, 24 * HOUR, 1, 24 * HOUR)
    assert shown(at(-30, -29, -28), early) == [-30, -29, -28]
    assert shown(at(-3, -2, -1), early) == [-3, -2, 21]


@pytest.mark.parametrize("outcome", [State.UNREADABLE, State.NOT_GRADED])
def test_what_could_not_be_graded_costs_nothing(outcome):
    """Neither the fault of the machine nor of a file takes a token; both are told at once."""
    spoilt = [replace(one, outcome=outcome) for one in at(-10, -9, -8)]
    assert shown([*spoilt, *at(-7, -6)]) == [-10, -9, -8, -7, -6]


def test_without_a_rule_everything_is_shown_at_once():
    """Tokens are there only where course.toml says so."""
    assert shown(at(*range(50)), None) == list(range(50))


def test_a_student_sees_what_is_left():
    """How many, and when the next one comes."""
    now = after(hours=-8)
    found = balance(at(-10, -9), TWO_A_DAY, DUE, now)
    assert (found.left, found.more_at) == (0, after(hours=14))
    assert balance([], TWO_A_DAY, DUE, now).left == 2


def test_the_same_mistake_again_shows_the_next_hint():
    """The first time the tutor's line, then hint 1, 2 and 3, and then a person."""
    mistake = slipped("linear")
    said = [with_next_hint(mistake, [mistake] * times).remarks[0] for times in range(5)]
    assert said[0] == mistake.remarks[0]
    assert [f"hint {n} of 3" in said[n] for n in (1, 2, 3)] == [True] * 3
    assert "your instructor" in said[4]
    assert with_next_hint(mistake, [mistake]).remarks[1:] == mistake.remarks[1:]


def test_another_mistake_starts_the_ladder_again():
    """What lies before another answer does not count; what left the exercise out is passed over."""
    mistake = slipped("linear")
    other = exercise("linear", Status.FAILED, remarks=("Compare the dtype.",))
    left_out = exercise("linear", Status.NOT_ATTEMPTED, remarks=())
    assert with_next_hint(mistake, [mistake, other]) == mistake
    assert "hint 1" in with_next_hint(mistake, [other, mistake, left_out]).remarks[0]
    assert "hint 1" in with_next_hint(other, [other]).remarks[0]


def test_what_passes_is_left_alone():
    """Only exercises with the same fault as before change in a report."""
    before = report(exercises=(exercise("decide"), slipped("linear")))
    now = with_next_hints(before, [before])
    assert now.exercises[0] == before.exercises[0]
    assert "hint 1" in now.exercises[1].remarks[0]


def test_each_attempt_has_a_seed_of_its_own():
    """It is the same each time, and another for each number, assignment and secret."""
    words = [(b"s", "a1", n) for n in range(200)]
    words += [(b"t", "a1", 1), (b"s", "a2", 1), (b"s", "a", 11)]
    seeds = [attempt_seed(*one) for one in words]
    assert seeds == [attempt_seed(*one) for one in words]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**31 for seed in seeds)

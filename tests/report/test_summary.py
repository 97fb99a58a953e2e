"""The numbers behind the class page, against values worked out by hand."""

from __future__ import annotations

import random
import statistics

import pytest

from autograder.model import Counted, Status
from autograder.report.summary import FEWEST, discrimination, score_of, summarise
from tests.report.factory import classroom, exercise, mixed, not_graded, report, slipped, unreadable


def test_discrimination_is_the_point_biserial_correlation() -> None:
    """It equals the textbook formula on data with a mix of passes and totals."""
    chance = random.Random(3)
    rest = [chance.uniform(0, 80) for _ in range(60)]
    passed = [total + chance.gauss(0, 30) > 40 for total in rest]
    right = [total for total, one in zip(rest, passed, strict=True) if one]
    wrong = [total for total, one in zip(rest, passed, strict=True) if not one]
    share = len(right) / len(rest)
    gap = statistics.fmean(right) - statistics.fmean(wrong)
    textbook = gap / statistics.pstdev(rest) * (share * (1 - share)) ** 0.5
    assert discrimination(passed, rest) == pytest.approx(textbook)
    assert discrimination([not one for one in passed], rest) == pytest.approx(-textbook)


@pytest.mark.parametrize(
    ("passed", "rest"),
    [
        ([True, False] * (FEWEST // 2 - 1), [1.0, 2.0] * (FEWEST // 2 - 1)),
        ([True] * 20, [1.0, 2.0] * 10),
        ([True, False] * 10, [1.0] * 20),
        ([], []),
    ],
)
def test_discrimination_is_silent_where_it_means_nothing(
    passed: list[bool], rest: list[float]
) -> None:
    """Few submissions, all alike in the exercise or in the rest, give no number."""
    assert discrimination(passed, rest) is None


def test_an_exercise_is_no_part_of_its_own_total() -> None:
    """An exercise unrelated to the others discriminates by 0, however many points it brings."""

    status = {True: Status.PASSED, False: Status.FAILED}
    pairs = [(status[a], status[b]) for a in (True, False) for b in (True, False)] * 5
    made = [
        report(f"s{n}", exercises=(exercise("linear", a), exercise("sigmoid", b)))
        for n, (a, b) in enumerate(pairs)
    ]
    (summary,) = summarise(made)
    assert [part.discrimination for part in summary.exercises] == pytest.approx([0.0, 0.0])


def test_only_graded_submissions_count() -> None:
    """Unreadable files and failed machines do not lower the mean or the pass rates."""
    (summary,) = summarise([report("a"), mixed("b"), not_graded("c"), unreadable("d")])
    assert (summary.mean, summary.median) == (65.0, 65.0)
    assert len(summary.reports) == 4
    first = summary.exercises[1]
    assert (first.id, first.total, first.pass_rate) == ("linear", 2, 0.5)


def test_the_class_is_measured_by_what_counts() -> None:
    """A late rule lowers mean, median and tenth; who is excused is in none of them."""
    late, excused = Counted(50.0, "late"), Counted(None, "excused", excused=True)
    (summary,) = summarise([report("a", counted=late), report("b"), report("c", counted=excused)])
    assert (summary.mean, summary.median) == (75.0, 75.0)
    assert summary.histogram() == [0, 0, 0, 0, 0, 1, 0, 0, 0, 1]
    assert summary.exercises[0].total == 3


def test_scores_fall_into_tenths() -> None:
    """A bin holds its lower end, and full marks lie in the last."""
    parts = [0.0, 9.99, 10.0, 29.0, 30.0, 89.99, 90.0, 100.0]
    made = [
        report(str(n), exercises=(exercise(score=s, points=100.0),)) for n, s in enumerate(parts)
    ]
    (summary,) = summarise(made)
    assert summary.histogram() == [2, 1, 1, 1, 0, 0, 0, 0, 1, 2]
    assert summarise([report(max_score=0.0)])[0].histogram()[0] == 1


def test_mistakes_are_counted_most_frequent_first() -> None:
    """Each named mistake comes with how many made it and its tutor line."""
    made = [report(f"a{n}", exercises=(slipped("linear"),)) for n in range(2)]
    made += [report(f"b{n}", exercises=(slipped("sigmoid"),)) for n in range(3)]
    (summary,) = summarise([*made, report("c", exercises=(exercise(),))])
    assert [(one.id, one.students) for one in summary.mistakes] == [
        ("overflows", 3),
        ("weight_not_transposed", 2),
    ]
    assert summary.mistakes[1].line.startswith("Which axis of the weight")
    assert summary.mistakes[1].name == "weight not transposed"


def test_changes_since_the_last_grading() -> None:
    """Each student is compared with the same student in the same assignment."""
    before = [report("up", exercises=()), report("down"), report("same"), report("gone")]
    before += [not_graded("mended"), report("other", "a2_activations", exercises=())]
    now = [report("up"), mixed("down"), report("same"), report("mended"), report("fresh")]
    (summary,) = summarise(now, before)
    assert {one.student: (one.kind, one.delta) for one in summary.changes} == {
        "up": ("higher", 100.0),
        "down": ("lower", -70.0),
        "same": ("same", 0.0),
        "gone": ("gone", None),
        "mended": ("other", None),
        "fresh": ("new", None),
    }


def test_without_an_earlier_grading_nothing_is_called_new() -> None:
    """No comparison is made where there is nothing to compare with."""
    assert summarise([report()])[0].changes == ()


def test_assignments_are_kept_apart_and_sorted() -> None:
    """One summary per assignment, by name, with students in order."""
    made = [report("b", "a2"), report("b", "a1"), report("a", "a1")]
    summaries = summarise(made)
    assert [one.assignment for one in summaries] == ["a1", "a2"]
    assert [one.student for one in summaries[0].reports] == ["a", "b"]


def test_no_score_is_read_from_a_failed_machine() -> None:
    """Not graded is None; unreadable is 0."""
    assert score_of(not_graded()) is None
    assert score_of(unreadable()) == 0
    assert score_of(None) is None


def test_the_sample_class_is_the_same_at_every_call() -> None:
    """The factory's class can be relied on in other tests and in screenshots."""
    assert classroom(20) == classroom(20)
    assert classroom(20) != classroom(20, seed=8)

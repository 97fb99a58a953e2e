"""One cell of the gradebook: which attempt counts, what late work costs, what people decide."""

import datetime

import pytest

from autograder.course.policy import Counting, Late, Per
from autograder.gradebook.adjustments import Kind
from autograder.gradebook.attempts import ExercisePoints, State
from autograder.gradebook.compute import compute
from autograder.gradebook.gradebook import Standing
from autograder.model import Person
from autograder.submissions.roster import Roster
from tests.gradebook.factory import (
    ANA,
    BERLIN,
    DUE,
    NOW,
    after,
    attempt,
    cell,
    column,
    decided,
)

EARLIER = after(days=-2)
GRACE = Late(Per.DAY, 10, True, datetime.timedelta(minutes=15))


def test_a_cell_explains_itself():
    """Three attempts, a late day and a correction are told in one sentence."""
    attempts = [
        attempt(1, linear=20, received=EARLIER),
        attempt(2, linear=30, received=after(minutes=-5)),
        attempt(3, linear=52, received=after(hours=3)),
    ]
    found = cell(attempts, [decided(Kind.POINTS, "+1.4", why="the plot was right")])
    assert found.points == 84.2
    assert found.why == (
        "84.2: best of 3 attempts, 92 points; −9.2 for 1 day late (10 % a day); "
        "+1.4 by hand: the plot was right"
    )


@pytest.mark.parametrize(
    ("counting", "number"),
    [(Counting.BEST, 3), (Counting.LAST, 4), (Counting.LAST_BEFORE_DUE, 2)],
)
def test_the_attempt_that_the_rule_names_counts(counting, number):
    """The best is the best with its late penalty; the last before the due time is in time."""
    attempts = [
        attempt(4, linear=0, received=after(days=2)),
        attempt(3, received=after(hours=1)),
        attempt(2, linear=30, received=after(hours=-1)),
        attempt(1, linear=40, received=EARLIER),
    ]
    assert cell(attempts, counting=counting).attempt.number == number


def test_of_equal_attempts_the_first_counts():
    """Nobody is charged for submitting the same again."""
    attempts = [attempt(2, received=after(minutes=-5)), attempt(1, received=EARLIER)]
    assert cell(attempts).attempt.number == 1


def test_the_best_has_the_largest_share_of_its_points():
    """After an exercise's points were changed, all of the new ones are better than half of more."""
    parts = [(ExercisePoints("linear", points, earned),) for points, earned in ((20, 12), (10, 10))]
    attempts = [attempt(number, exercises=part) for number, part in enumerate(parts, 1)]
    found = cell(attempts)
    assert (found.attempt.number, found.points, found.max_points) == (2, 10, 10)


def test_what_was_not_graded_costs_nothing():
    """Neither an unreadable file nor a failed machine takes the place of a graded attempt."""
    later = [
        attempt(2, received=after(hours=-1), outcome=State.UNREADABLE, exercises=()),
        attempt(3, received=after(minutes=-1), outcome=State.NOT_GRADED, exercises=()),
    ]
    found = cell([attempt(1, received=EARLIER), *later], counting=Counting.LAST)
    assert (found.attempt.number, found.points) == (1, 100)
    assert found.remarks == ("1 attempt is not graded yet.",)


def test_alone_an_unreadable_file_is_0_and_a_failed_machine_is_no_number():
    """The student's fault and the machine's are told apart."""
    unreadable = cell([attempt(outcome=State.UNREADABLE, exercises=())])
    assert (unreadable.standing, unreadable.points) == (Standing.COUNTED, 0)
    failed = cell([attempt(outcome=State.NOT_GRADED, exercises=())])
    assert (failed.standing, failed.points) == (Standing.WAITING, None)
    assert "says nothing about the work" in failed.why


@pytest.mark.parametrize(
    ("late", "received", "points"),
    [
        (GRACE, after(minutes=15), 100),
        (GRACE, after(minutes=16), 90),
        (Late(Per.DAY, 10, True, cap=25), after(days=9), 75),
        (Late(Per.HOUR, 2, False), after(minutes=61), 96),
        (Late(Per.HOUR, 2, False), after(hours=1), 98),
        (Late(Per.HOUR, 2, False, cap=7), after(days=1), 93),
        (Late(Per.DAY, 40, True), after(days=9), 0),
        (None, after(days=9), 100),
    ],
)
def test_late_work_costs_what_the_rule_says(late, received, points):
    """Each hour or day that has begun is charged, within grace nothing, beyond the cap no more."""
    assert cell([attempt(received=received)], late=late).points == points


def test_a_day_is_as_long_as_the_calendar_makes_it():
    """On 25 October 2026 Berlin's clocks go back: that day has 25 hours and is one late day."""
    due = datetime.datetime(2026, 10, 24, 23, 59, tzinfo=BERLIN)
    wall = due + datetime.timedelta(days=1)
    assert wall.astimezone(datetime.UTC) - due.astimezone(datetime.UTC) == datetime.timedelta(
        hours=25
    )
    found = cell([attempt(received=wall.astimezone(datetime.UTC))], due=due)
    assert found.points == 90
    hourly = cell([attempt(received=wall)], due=due, late=Late(Per.HOUR, 1, False))
    assert hourly.points == 75


def test_the_hour_that_comes_twice_is_told_apart():
    """02:30 summer time is in time, 02:30 an hour later, in winter time, is late."""
    due = datetime.datetime(2026, 10, 25, 2, 45, tzinfo=BERLIN)
    first = datetime.datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN)
    assert cell([attempt(received=first)], due=due).points == 100
    assert cell([attempt(received=first.replace(fold=1))], due=due).points == 90


def test_what_comes_after_the_hard_deadline_does_not_count():
    """It is 0 points if nothing else came, and changes nothing if something did."""
    rules = {"hard_deadline": after(days=3)}
    too_late = attempt(2, received=after(days=4))
    found = cell([too_late], **rules)
    assert (found.standing, found.points) == (Standing.TOO_LATE, 0)
    both = cell([attempt(1, linear=0, received=EARLIER), too_late], **rules)
    assert (both.points, both.remarks) == (40, ("1 attempt after the hard deadline.",))


def test_an_extension_moves_the_due_time_and_the_hard_deadline():
    """It is one person's or a section's, and the person's holds over the section's."""
    late = [attempt(received=after(days=4))]
    rules = {"hard_deadline": after(days=3)}
    section = decided(
        Kind.EXTENSION, after(days=5).isoformat(), student="", section="monday", at=NOW
    )
    assert cell(late, [section], **rules).points == 100
    own = decided(Kind.EXTENSION, after(days=2).isoformat(), at=EARLIER)
    assert cell(late, [section, own], **rules).standing is Standing.TOO_LATE
    assert cell(late, [section, own]).points == 80


def test_who_is_in_two_sections_has_the_extensions_of_both():
    """A roster names several sections with commas; the later decision of them holds."""
    late = [attempt(received=after(days=4))]
    person = Person("ana", section="monday, lab 2")
    later = NOW + datetime.timedelta(hours=1)
    extensions = [
        decided(Kind.EXTENSION, after(days=days).isoformat(), student="", section=section, at=at)
        for days, section, at in ((9, "thursday", NOW), (1, "monday", NOW), (5, "lab 2", later))
    ]
    roster = Roster((person,))
    for decisions, points in ((extensions[:2], 70), (extensions, 100), (extensions[:1], 60)):
        book = compute(roster, late, [column()], decisions, NOW)
        assert book.rows[0].cells[0].points == points


def test_an_extension_never_shortens_the_time_that_all_have():
    """When the due time of the whole class moves behind it, that holds."""
    own = decided(Kind.EXTENSION, after(days=-9).isoformat())
    assert cell([attempt()], [own]).points == 100


def test_where_nothing_is_due_an_extension_makes_nobody_late():
    """Without a due time nobody is late; a time for one student alone would shorten theirs."""
    own = decided(Kind.EXTENSION, after(days=-9).isoformat())
    found = cell([attempt()], [own], due=None)
    assert (found.points, found.due, found.late) == (100, None, False)


def test_the_latest_decision_holds_and_none_is_lost():
    """Points are set, added to and set back, in the order of the decisions."""
    steps = [
        decided(Kind.POINTS, "=70", at=EARLIER),
        decided(Kind.POINTS, "+5", at=DUE),
        decided(Kind.POINTS, "-1.5", at=NOW),
    ]
    found = cell([attempt()], [steps[2], steps[0], steps[1]])
    assert found.points == 73.5
    assert len(found.steps) == 4


@pytest.mark.parametrize(
    ("exercise", "machine", "values", "points"),
    [
        ("linear", 58, ("+3", "-3"), 98),
        ("linear", 2, ("-5", "+5"), 42),
        ("linear", 58, ("+3", "=7", "+0"), 47),
        ("linear", 58, ("=7", "=58"), 98),
        (None, 2, ("-50", "+50"), 42),
    ],
)
def test_points_are_added_up_before_any_bound_holds(exercise, machine, values, points):
    """What was added is taken back by as much, also where it led beyond what can be had."""
    decisions = [decided(Kind.POINTS, value, exercise=exercise) for value in values]
    assert cell([attempt(linear=machine)], decisions).points == points


def test_an_exercise_by_hand_is_worth_at_most_its_points_and_is_late_with_the_rest():
    """A correction of the machine's judgement stands before the late rule, and keeps its bounds."""
    plus = decided(Kind.POINTS, "+30", exercise="linear")
    found = cell([attempt(linear=50, received=after(hours=1))], [plus])
    assert found.points == 90
    assert "linear +30 by hand: for a reason" in found.why


def test_a_dropped_exercise_counts_neither_way():
    """Neither its points nor what they are out of remain, whatever people gave for it."""
    plus = decided(Kind.POINTS, "+30", exercise="linear")
    found = cell([attempt(linear=0, sigmoid=30)], [plus], points={"linear": 0})
    assert (found.points, found.max_points) == (30, 40)
    assert "without linear" in found.why


@pytest.mark.parametrize("kind", [State.GRADED, State.UNREADABLE, None])
def test_where_all_exercises_are_dropped_no_number_counts(kind):
    """Not 0 of nothing; what a person gives for the assignment still counts, and so do excuses."""
    rules = {"points": {"linear": 0, "sigmoid": 0}}
    attempts = [attempt(linear=10, outcome=kind)] if kind else []
    found = cell(attempts, **rules)
    assert (found.standing, found.points, found.max_points) == (Standing.DROPPED, None, 0)
    assert found.remarks[0] == "All of its exercises are dropped: it counts neither way."
    assert cell(attempts, [decided(Kind.POINTS, "=5")], **rules).points == 5
    assert cell(attempts, [decided(Kind.EXCUSE, "yes")], **rules).standing is Standing.EXCUSED


def test_a_reweighted_exercise_counts_its_share():
    """Half of an exercise is half of its new points."""
    found = cell([attempt(linear=30)], points={"linear": 20})
    assert (found.points, found.max_points) == (50, 60)
    assert "linear counts 20 instead of 60" in found.why


def test_extra_credit_of_an_exercise_is_on_top():
    """Its points come to those of the others, which are all that can be had."""
    found = cell([attempt()], extra_exercises=frozenset({"sigmoid"}))
    assert (found.points, found.max_points) == (100, 60)


def test_an_excuse_ends_it_and_can_be_taken_back():
    """An excused assignment has no points; the latest decision holds."""
    excuse = decided(Kind.EXCUSE, "yes", at=EARLIER, why="ill")
    assert cell([attempt()], [excuse]).why == "excused: does not count: ill"
    assert cell([attempt()], [excuse, decided(Kind.EXCUSE, "no")]).points == 100


def test_nothing_is_0_only_after_the_due_time():
    """Before it is due there is no number; after that it is 0; points by hand count without it."""
    assert cell([], now=EARLIER).points is None
    assert "due 2026-10-19 23:59 CEST" in cell([], now=EARLIER).why
    assert (cell([]).standing, cell([]).points) == (Standing.MISSING, 0)
    assert cell([], [decided(Kind.POINTS, "=50")]).points == 50
    assert cell([], due=None).standing is Standing.OPEN


def test_the_hour_of_which_nobody_knows_is_taken_as_in_time_and_said():
    """A file's own time says when it was copied: nobody is charged for that."""
    found = cell([attempt(received=None, late=True)])
    assert found.points == 100
    assert "marked late" in found.remarks[0]


def test_a_new_machine_score_is_told_beside_what_a_person_decided():
    """After a re-grade the person's points hold, and the difference is said."""
    one = decided(Kind.POINTS, "=50", exercise="linear", machine=20.0)
    found = cell([attempt(linear=60)], [one])
    assert found.points == 90
    assert found.remarks == ("linear is 60 now; it was 20 when tina decided =50.",)
    assert cell([attempt(linear=20)], [one]).remarks == ()


def test_a_request_is_open_until_it_is_answered():
    """The student reads the answer; a further request opens it again."""
    asked = decided(Kind.REGRADE_REQUEST, "please look again", at=EARLIER, who="ana")
    answer = decided(Kind.ANSWER, "the plot is missing", at=DUE)
    assert cell([attempt()], [asked]).requests == (asked,)
    found = cell([attempt()], [asked, answer])
    assert (found.requests, found.notes) == ((), ("the plot is missing",))
    again = decided(Kind.REGRADE_REQUEST, "it is in cell 7", who="ana")
    assert cell([attempt()], [asked, answer, again]).requests == (again,)


def test_the_total_is_a_weighted_mean_and_extra_credit_comes_on_top():
    """Excused and open assignments take nothing from it."""
    from dataclasses import replace

    def other(name, **rules):
        made = column(**rules)
        return replace(made, policy=replace(made.policy, assignment=name))

    columns = [
        column(weight=3),
        other("week2", weight=1),
        other("week3", extra_credit=True),
        other("week4", due=None),
    ]
    attempts = [
        attempt(linear=20),
        attempt(assignment="week2", linear=0),
        attempt(assignment="week3", linear=60, sigmoid=0),
    ]
    book = compute(Roster((ANA,)), attempts, columns, [], NOW)
    assert book.rows[0].total == 70.0  # (3 * 0.6 + 1 * 0.4 + 1 * 0.6) / 4


def test_nobody_and_nothing_is_left_out():
    """Strangers, people without attempts and assignments without rules are there too."""
    roster = Roster((ANA, Person("tina", role="ta")))
    attempts = [attempt(student="bob"), attempt(assignment="week9")]
    decisions = [decided(Kind.NOTE, "hello", student="eve")]
    book = compute(roster, attempts, [column()], decisions, NOW)
    assert [row.person.student for row in book.rows] == ["ana", "bob", "eve"]
    assert [one.name for one in book.columns] == ["week1", "week9"]

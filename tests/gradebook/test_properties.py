"""Attempts, gradings, failures, decisions and clocks in any order: nothing is lost."""

from __future__ import annotations

import datetime
import random
from dataclasses import replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from autograder.course.policy import Counting, Late, Per, Tokens
from autograder.gradebook.adjustments import Kind
from autograder.gradebook.attempts import State
from autograder.gradebook.compute import compute
from autograder.gradebook.gradebook import Cell, Standing
from autograder.gradebook.late import is_late, utc
from autograder.gradebook.tokens import balance, turns
from autograder.submissions.roster import Roster
from tests.gradebook.factory import ANA, DUE, after, attempt, column, decided

HOUR = datetime.timedelta(hours=1)
LATES = (
    None,
    Late(Per.DAY, 10, True, HOUR, 30),
    Late(Per.HOUR, 0.7, False),
    Late(Per.HOUR, 100, True, cap=100),
)
OFTEN_GRADED = (*[State.GRADED] * 6, *State)
TOKENS = (None, Tokens(1, HOUR), Tokens(3, 24 * HOUR, 2, 48 * HOUR))


class Term(RuleBasedStateMachine):
    """One student's assignment, to which anything may happen at any time."""

    @initialize(
        counting=st.sampled_from(Counting),
        late=st.sampled_from(LATES),
        hard=st.sampled_from((None, after(days=1), after(days=6))),
        tokens=st.sampled_from(TOKENS),
    )
    def begin(self, counting, late, hard, tokens):
        """A policy, and a clock that stands some days before the due time."""
        self.column = column(counting=counting, late=late, hard_deadline=hard, tokens=tokens)
        self.now = after(days=-3)
        self.attempts = []
        self.adjustments = []

    @rule(hours=st.floats(0.01, 40))
    def wait(self, hours):
        """Time passes."""
        self.now += datetime.timedelta(hours=hours)

    @rule(linear=st.integers(0, 60), sigmoid=st.integers(0, 40))
    def submit(self, linear, sigmoid):
        """An attempt comes, and is to be graded; that never makes the best attempt worse."""
        before = self.cell
        self.attempts.append(
            attempt(
                len(self.attempts) + 1, linear, sigmoid, received=self.now, outcome=State.WAITING
            )
        )
        assert self.cell.attempts == before.attempts + 1
        if before.attempt and before.attempt.outcome is State.GRADED:
            assert self.cell.points == before.points  # until it is graded

    @rule(which=st.integers(0, 99), outcome=st.sampled_from(OFTEN_GRADED))
    def grade(self, which, outcome):
        """The oldest or any other attempt is graded, or fails, or is graded again."""
        if self.attempts:
            place = which % len(self.attempts)
            self.attempts[place] = replace(self.attempts[place], outcome=outcome)

    @rule(value=st.sampled_from(("+1.4", "-200", "=70", "+0.01")), whole=st.booleans())
    def give(self, value, whole):
        """A person gives points."""
        self._decide(Kind.POINTS, value, exercise=None if whole else "linear")

    @rule(days=st.integers(-5, 5))
    def extend(self, days):
        """A person moves the due time, perhaps by mistake to an earlier one."""
        self._decide(Kind.EXTENSION, after(days=days).isoformat())

    @rule(value=st.sampled_from(("yes", "no")))
    def excuse(self, value):
        """A person excuses, or takes it back."""
        self._decide(Kind.EXCUSE, value)

    def _decide(self, kind, value, **fields):
        self.now += datetime.timedelta(seconds=1)
        self.adjustments.append(decided(kind, value, at=self.now, **fields))

    @property
    def cell(self) -> Cell:
        """The cell as it is now."""
        book = compute(Roster((ANA,)), self.attempts, [self.column], self.adjustments, self.now)
        return book.rows[0].cells[0]

    @invariant()
    def no_attempt_is_lost(self):
        """Each one is counted, and a cell always says where its points come from."""
        cell = self.cell
        assert cell.attempts == len(self.attempts)
        assert cell.steps
        assert cell.points is None or cell.points >= 0
        assert (cell.points is None) == (cell.standing in NO_POINTS)

    @invariant()
    def the_order_in_which_things_are_read_does_not_matter(self):
        """Attempts and decisions may come from files and tables in any order."""
        chance = random.Random(len(self.attempts))
        attempts = chance.sample(self.attempts, len(self.attempts))
        decisions = chance.sample(self.adjustments, len(self.adjustments))
        book = compute(Roster((ANA,)), attempts, [self.column], decisions, self.now)
        assert book.rows[0].cells[0] == self.cell

    @invariant()
    def the_attempt_that_the_rule_names_counts(self):
        """Said once more in the plainest way: of the gradable ones the last, or none is better."""
        cell = self.cell
        hard = self.column.policy.hard_deadline
        graded = [
            one
            for one in self.attempts
            if one.outcome is State.GRADED
            and (hard is None or utc(one.received) <= max(utc(hard), utc(cell.due)))
        ]
        if not graded or cell.standing is Standing.EXCUSED:
            return
        late = {
            one.number: is_late(one.received, cell.due, self.column.policy.late) for one in graded
        }
        match self.column.policy.counting:
            case Counting.LAST:
                assert cell.attempt == graded[-1]
            case Counting.LAST_BEFORE_DUE:
                in_time = [one for one in graded if not late[one.number]]
                assert cell.attempt == (in_time or graded)[-1]
            case Counting.BEST:
                alone = [self._points_of([one]) for one in graded]
                assert self._points_of(graded) == max(alone)

    def _points_of(self, attempts):
        """Points without what people gave for the whole assignment."""
        decisions = [one for one in self.adjustments if one.exercise or one.kind != "points"]
        book = compute(Roster((ANA,)), attempts, [self.column], decisions, self.now)
        return book.rows[0].cells[0].points

    @invariant()
    def tokens_keep_nobody_waiting_for_ever(self):
        """The newest attempt is shown within a window, none too early, and never too many."""
        tokens = self.column.policy.tokens
        found = turns(self.attempts, tokens, DUE)
        assert [turn.attempt for turn in found] == self.attempts
        if tokens is None or not found:
            return
        assert found[-1].shown is not None
        assert found[-1].shown <= utc(self.now) + tokens.window * (len(found) + 1)
        costs = (State.GRADED, State.WAITING)
        spent = [t.shown for t in found if t.shown and t.attempt.outcome in costs]
        assert all(t.shown is None or t.shown >= utc(t.attempt.received) for t in found)
        for one in spent:
            together = sum(one - tokens.window < other <= one for other in spent)
            assert together <= tokens.most + tokens.early
        left = balance(self.attempts, tokens, DUE, self.now)
        assert left.left > 0 or left.more_at > utc(self.now)


NO_POINTS = (Standing.OPEN, Standing.WAITING, Standing.EXCUSED)
Term.TestCase.settings = settings(
    max_examples=100,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestTerm = Term.TestCase
TestTerm.__doc__ = "A hundred random terms of twenty-five events keep every invariant above."

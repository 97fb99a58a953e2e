"""The sentences by which a cell of the gradebook explains itself."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from decimal import Decimal

from autograder.course.policy import Counting, Late, Policy
from autograder.gradebook.adjustments import Adjustment, Kind, points_change
from autograder.gradebook.attempts import Attempt, ExercisePoints, State
from autograder.gradebook.decisions import Decisions
from autograder.gradebook.gradebook import Step
from autograder.gradebook.late import Charge, is_late
from autograder.report.sanitize import count, number, one_line

NO_ATTEMPT = "no attempt counts"
ALL_DROPPED = "All of its exercises are dropped: it counts neither way."
_LONGEST = 300  # letters of a reason within a sentence
_RULES = {
    Counting.BEST: "best",
    Counting.LAST: "last",
    Counting.LAST_BEFORE_DUE: "last before the due time",
}


def moment(at: datetime.datetime) -> str:
    """A moment as people of any country read it, with its zone."""
    return f"{at:%Y-%m-%d %H:%M %Z}".strip()


def of_attempt(
    attempt: Attempt, attempts: int, subtotal: Decimal, policy: Policy
) -> tuple[Step, ...]:
    """Which attempt counts, and what the machine gave for it."""
    if attempt.outcome is State.UNREADABLE:
        return (Step("the file could not be read"),)
    which = (
        "the only attempt" if attempts == 1 else f"{_RULES[policy.counting]} of {attempts} attempts"
    )
    return (Step(f"{which}, {number(attempt.score)} points"),)


def corrected(
    decisions: Decisions, exercises: Sequence[ExercisePoints], policy: Policy
) -> Iterator[Step]:
    """What people gave for single exercises."""
    for exercise in exercises:
        for one in decisions.points(exercise.id):
            dropped = ", which is dropped" if policy.points.get(exercise.id) == 0 else ""
            kind = "graded by hand" if exercise.by_hand else "by hand"
            what = f"{exercise.id} {_change(one)} {kind}{dropped}"
            yield _decided(what, one)


def reweighted(exercises: Sequence[ExercisePoints], policy: Policy) -> Iterator[Step]:
    """What the policy has changed about the points of exercises."""
    present = {one.id: one for one in exercises}
    for name, points in policy.points.items():
        if name in present and points == 0:
            yield Step(f"without {name}")
        elif name in present and points != present[name].points:
            yield Step(f"{name} counts {number(points)} instead of {number(present[name].points)}")


def charged(charge: Charge, late: Late | None) -> Iterator[Step]:
    """What being late took."""
    if late is not None:
        rate = f"{number(late.amount)} {'%' if late.percent else 'points'} a {late.per}"
        cap = late.cap if late.cap is not None and late.amount * charge.units > late.cap else None
        unit = " %" if late.percent else ""
        most = f", at most {number(cap)}{unit}" if cap is not None else ""
        lost = number(float(charge.lost))
        yield Step(f"−{lost} for {count(charge.units, str(late.per))} late ({rate}{most})")


def extended(decisions: Decisions, policy: Policy) -> Iterator[Step]:
    """An extension that holds."""
    last = decisions.last(Kind.EXTENSION)
    due = decisions.due(policy)
    if last and due and due != policy.due:
        yield _decided(f"extended to {moment(due)}", last)


def given(one: Adjustment) -> Step:
    """What a person gave for the whole assignment."""
    return _decided(f"{_change(one)} by hand", one)


def _change(one: Adjustment) -> str:
    change = points_change(one.value)
    amount = number(float(abs(change.amount)))
    if change.replaces:
        return f"set to {amount}"
    return f"{'−' if change.amount < 0 else '+'}{amount}"


def excused(one: Adjustment) -> Step:
    """Why it does not count."""
    return _decided("does not count", one)


def _decided(what: str, one: Adjustment) -> Step:
    return Step(what, one_line(one.why, _LONGEST), one.who)


def nothing_yet(due: datetime.datetime | None) -> str:
    """Nothing was submitted, and there is time."""
    return f"nothing submitted yet, due {moment(due)}" if due else "nothing submitted yet"


def nothing_came(due: datetime.datetime) -> str:
    """Nothing was submitted in time."""
    return f"nothing submitted; it was due {moment(due)}"


def all_too_late(attempts: int) -> str:
    """Whatever was submitted came after the hard deadline."""
    return f"{count(attempts, 'attempt')} after the hard deadline"


def waits(attempts: Sequence[Attempt]) -> str:
    """Why there are no points yet."""
    failed = all(one.outcome is State.NOT_GRADED for one in attempts)
    return (
        "the grading machine failed; it says nothing about the work" if failed else "in the queue"
    )


def notes(decisions: Decisions) -> tuple[str, ...]:
    """What people wrote to the student, in the order in which they did."""
    kinds = (Kind.NOTE, Kind.ANSWER)
    found = [*decisions.of_section, *decisions.own]
    return tuple(one.value for one in found if one.kind in kinds)


# --- for the instructor --------------------------------------------------------------------------


def on_time(attempt: Attempt, due: datetime.datetime | None, policy: Policy) -> Iterator[str]:
    """Where it is not known when it came, or two disagree on whether it was late."""
    if due is None:
        return
    if attempt.received is None:
        marked = ", but it is marked late" if attempt.late else ""
        unknown = f"Nobody says when it was submitted: it is taken as in time{marked}."
        yield attempt.remark or unknown
    elif attempt.late and not is_late(attempt.received, due, policy.late):
        yield "Marked late where it was submitted; by course.toml it came in time."


def still_waiting(attempts: Sequence[Attempt]) -> Iterator[str]:
    """Attempts that are not graded, beside the one that counts."""
    waiting = sum(one.outcome in (State.WAITING, State.NOT_GRADED) for one in attempts)
    if waiting:
        yield f"{count(waiting, 'attempt is', 'attempts are')} not graded yet."


def too_late(attempts: int) -> Iterator[str]:
    """Attempts that do not count, beside the one that does."""
    if attempts:
        yield f"{count(attempts, 'attempt')} after the hard deadline."


def other_machine_scores(decisions: Decisions, attempt: Attempt) -> Iterator[str]:
    """Where the machine says something else now than when a person decided."""
    scores = {one.id: one.score for one in attempt.exercises}
    for one in decisions.all(Kind.POINTS):
        now = scores.get(one.exercise) if one.exercise else attempt.score
        if one.machine is not None and now is not None and abs(now - one.machine) >= 0.005:
            what = one.exercise or "The machine's score"
            yield (
                f"{what} is {number(now)} now; it was {number(one.machine)} when {one.who} "
                f"decided {one.value}."
            )

"""Roster, attempts, policies and adjustments make the gradebook: pure functions, for whoever asks.

Each cell goes the same way. An excuse ends it. Else every attempt is worth what its exercises
earned, with the corrections of people and the points that the policy gives them now, less what late
work costs; of these the policy names the one that counts. What people gave for the assignment as a
whole comes last. All of it is computed in decimal numbers and rounded to hundredths of a point.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

from autograder.course.policy import Counting, Policy
from autograder.gradebook import wording
from autograder.gradebook.adjustments import Adjustment, Kind, changed_points, points_change
from autograder.gradebook.attempts import Attempt, ExercisePoints, State, in_order
from autograder.gradebook.decisions import Book, Decisions
from autograder.gradebook.gradebook import Cell, Column, Gradebook, Row, Standing, Step
from autograder.gradebook.late import Charge, charge, is_late, utc
from autograder.model import Person
from autograder.submissions.roster import Roster

_CENT = Decimal("0.01")
_ZERO = Decimal(0)
_UNKNOWN = ""  # the role of those whom the roster does not know


def compute(
    roster: Roster | None,
    attempts: Iterable[Attempt],
    columns: Sequence[Column],
    adjustments: Iterable[Adjustment],
    now: datetime.datetime,
) -> Gradebook:
    """The gradebook at one moment; ``now`` decides what is due.

    Whoever submitted something, or about whom something was decided, has a row, and whatever was
    submitted has a column, also where roster and policies do not know of it.
    """
    book = Book(adjustments)
    made: defaultdict[tuple[str, str], list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        made[attempt.student, attempt.assignment].append(attempt)
    columns = [*columns, *_other_columns(columns, made)]
    people = _people(roster, made, book)
    rows = (_row(person, made, columns, book, now) for person in people)
    return Gradebook(tuple(columns), tuple(rows), now)


def _other_columns(
    columns: Sequence[Column], made: Mapping[tuple[str, str], Sequence[Attempt]]
) -> list[Column]:
    """Columns for what was submitted to assignments that nobody named."""
    known = {column.name for column in columns}
    return [Column(Policy(name)) for name in sorted({name for _, name in made} - known)]


def _people(
    roster: Roster | None, made: Mapping[tuple[str, str], Sequence[Attempt]], book: Book
) -> list[Person]:
    """The students in the roster's order, then everybody else with attempts or decisions."""
    students = list(roster.students) if roster else []
    known = {person.student: person for person in roster.people} if roster else {}
    sections = {student: a.section for (student, _), own in made.items() for a in own if a.section}
    handles = sorted({student for student, _ in made} | book.students)
    others = [handle for handle in handles if handle not in {p.student for p in students}]
    role = _UNKNOWN if roster else "student"
    found = [*students, *(known.get(h, Person(h, role=role, on_roster=False)) for h in others)]
    return [replace(p, section=p.section or sections.get(p.student, "")) for p in found]


def _row(
    person: Person,
    made: Mapping[tuple[str, str], Sequence[Attempt]],
    columns: Sequence[Column],
    book: Book,
    now: datetime.datetime,
) -> Row:
    cells = tuple(
        compute_cell(
            column,
            made.get((person.student, column.name), ()),
            book.about(person, column.name),
            now,
        )
        for column in columns
    )
    return Row(person, cells, _total(columns, cells))


def _total(columns: Sequence[Column], cells: Sequence[Cell]) -> float | None:
    """The weighted mean in percent of all that counts; extra credit comes on top."""
    counted = [
        (column.policy, Decimal(str(cell.points)) / Decimal(str(cell.max_points)))
        for column, cell in zip(columns, cells, strict=True)
        if cell.points is not None and cell.max_points
    ]
    earned = sum((Decimal(str(policy.weight)) * share for policy, share in counted), _ZERO)
    whole = sum(
        (Decimal(str(policy.weight)) for policy, _ in counted if not policy.extra_credit), _ZERO
    )
    return _rounded(100 * earned / whole) if whole else None


# --- one cell ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Valued:
    """An attempt and what it is worth, before what people gave for the assignment as a whole."""

    attempt: Attempt
    exercises: tuple[ExercisePoints, ...]
    subtotal: Decimal
    charge: Charge | None = None  # where it is late

    @property
    def points(self) -> Decimal:
        return self.subtotal - self.charge.lost if self.charge else self.subtotal


def compute_cell(
    column: Column, attempts: Sequence[Attempt], decisions: Decisions, now: datetime.datetime
) -> Cell:
    """One student's points in one assignment."""
    cell = _cell(column, attempts, decisions, now)
    is_nothing = cell.points == 0 and not cell.max_points
    return _dropped(cell) if is_nothing and column.is_dropped else cell


def _dropped(cell: Cell) -> Cell:
    """Of no points, none are 0: that would be a grade wherever it is exported to."""
    remarks = (wording.ALL_DROPPED, *cell.remarks)
    return replace(cell, standing=Standing.DROPPED, points=None, remarks=remarks)


def _cell(
    column: Column, attempts: Sequence[Attempt], decisions: Decisions, now: datetime.datetime
) -> Cell:
    due = decisions.due(column.policy)
    cell = Cell(
        Standing.OPEN,
        None,
        column.max_points,
        attempts=len(attempts),
        due=due,
        notes=wording.notes(decisions),
        requests=decisions.open_requests(),
        by_hand=bool(decisions.all(Kind.POINTS) or decisions.excuse),
    )
    if excuse := decisions.excuse:
        return replace(cell, standing=Standing.EXCUSED, steps=(wording.excused(excuse),))
    in_time = [one for one in in_order(attempts) if not _is_too_late(one, column.policy, due)]
    valued = [_value(one, column, decisions, due) for one in in_time if _is_usable(one, in_time)]
    if valued:
        return _counted(cell, column, valued, in_time, decisions)
    return _without_attempt(cell, column, attempts, in_time, decisions, now)


def _is_too_late(attempt: Attempt, policy: Policy, due: datetime.datetime | None) -> bool:
    """Whether it came after the hard deadline, which no extension lies behind."""
    if policy.hard_deadline is None or attempt.received is None:
        return False
    last = max(utc(policy.hard_deadline), utc(due or policy.hard_deadline))
    return utc(attempt.received) > last


def _is_usable(attempt: Attempt, others: Sequence[Attempt]) -> bool:
    """Graded; a file that nobody can read counts only where nothing else was graded."""
    if attempt.outcome is State.UNREADABLE:
        return all(other.outcome is State.UNREADABLE for other in others)
    return attempt.outcome is State.GRADED


def _value(
    attempt: Attempt, column: Column, decisions: Decisions, due: datetime.datetime | None
) -> _Valued:
    exercises = _with_written(attempt.exercises, column)
    corrected = tuple(_corrected(one, decisions) for one in exercises)
    subtotal = _cents(sum((_worth(one, column.policy) for one in corrected), _ZERO))
    late = column.policy.late
    if late is None or due is None or attempt.received is None:
        return _Valued(attempt, corrected, subtotal)
    if not is_late(attempt.received, due, late):
        return _Valued(attempt, corrected, subtotal)
    charged = charge(late, attempt.received, due, subtotal)
    return _Valued(attempt, corrected, subtotal, replace(charged, lost=_cents(charged.lost)))


def _with_written(graded: Sequence[ExercisePoints], column: Column) -> tuple[ExercisePoints, ...]:
    """What the machine graded, and the exercises that people grade; where it graded none, all."""
    if not graded:
        return tuple(replace(one, score=0.0) for one in column.exercises)
    known = {one.id for one in graded}
    return (*graded, *(o for o in column.exercises if o.by_hand and o.id not in known))


def _corrected(exercise: ExercisePoints, decisions: Decisions) -> ExercisePoints:
    """With what people decided; from nothing to all of its points."""
    decided = decisions.points(exercise.id)
    if not decided:
        return exercise
    points = changed_points(_decimal(exercise.score), decided)
    points = min(max(points, _ZERO), _decimal(exercise.points))
    comment = decided[-1].why if exercise.by_hand else ""
    return replace(exercise, score=float(points), comment=comment)


def _worth(exercise: ExercisePoints, policy: Policy) -> Decimal:
    """An exercise's score in the points that the policy gives it."""
    score, points = _decimal(exercise.score), _decimal(exercise.points)
    now = policy.points.get(exercise.id)
    if now is None or not points:
        return score
    return score * _decimal(now) / points


def _max_points(exercises: Sequence[ExercisePoints], policy: Policy) -> float:
    return Column(policy, tuple(exercises)).max_points


def _counted(
    cell: Cell,
    column: Column,
    valued: Sequence[_Valued],
    in_time: Sequence[Attempt],
    decisions: Decisions,
) -> Cell:
    policy = column.policy
    chosen = choose(valued, policy, cell.due)
    points, steps = _given(chosen.points, decisions)
    said = wording.of_attempt(chosen.attempt, cell.attempts, chosen.subtotal, policy)
    charged = wording.charged(chosen.charge, policy.late) if chosen.charge else ()
    differs = tuple(wording.other_machine_scores(decisions, chosen.attempt))
    written = [one.id for one in chosen.exercises if one.by_hand and policy.points.get(one.id) != 0]
    return replace(
        cell,
        standing=Standing.COUNTED,
        points=_rounded(points),
        max_points=_max_points(chosen.exercises, policy),
        attempt=chosen.attempt,
        exercises=chosen.exercises,
        late=_came_late(chosen.attempt, cell.due, policy),
        steps=(
            *said,
            *wording.corrected(decisions, chosen.exercises, policy),
            *wording.reweighted(chosen.exercises, policy),
            *charged,
            *wording.extended(decisions, policy),
            *steps,
        ),
        remarks=(
            *wording.on_time(chosen.attempt, cell.due, policy),
            *wording.still_waiting(in_time),
            *wording.too_late(cell.attempts - len(in_time)),
            *differs,
        ),
        differs=differs,
        to_grade=tuple(id for id in written if not decisions.points(id)),
    )


def choose(valued: Sequence[_Valued], policy: Policy, due: datetime.datetime | None) -> _Valued:
    """The attempt that the policy names; they are in the order in which they were received."""
    if policy.counting is Counting.BEST:
        return max(valued, key=lambda one: _share(one, policy))  # of equal ones the first
    if policy.counting is Counting.LAST_BEFORE_DUE:
        before = [one for one in valued if not _came_late(one.attempt, due, policy)]
        return (before or valued)[-1]
    return valued[-1]


def _share(one: _Valued, policy: Policy) -> Decimal:
    """What an attempt is worth of what it could be: graders may give other points than before."""
    possible = _decimal(_max_points(one.exercises, policy))
    return one.points / possible if possible else one.points


def _came_late(attempt: Attempt, due: datetime.datetime | None, policy: Policy) -> bool:
    if due is None or attempt.received is None:
        return attempt.late
    return is_late(attempt.received, due, policy.late)


def _given(points: Decimal, decisions: Decisions) -> tuple[Decimal, list[Step]]:
    """What people gave for the assignment as a whole."""
    decided = decisions.points(None)
    points = max(changed_points(points, decided), _ZERO)
    return _cents(points), [wording.given(one) for one in decided]


def _without_attempt(
    cell: Cell,
    column: Column,
    attempts: Sequence[Attempt],
    in_time: Sequence[Attempt],
    decisions: Decisions,
    now: datetime.datetime,
) -> Cell:
    """Nothing counts of what was submitted, if anything was."""
    changes = [points_change(one.value) for one in decisions.all(Kind.POINTS)]
    waits = any(one.outcome in (State.WAITING, State.NOT_GRADED) for one in in_time)
    if changes and (not waits or any(change.replaces for change in changes)):
        return _by_hand_alone(cell, column, decisions)
    if waits:
        return replace(cell, standing=Standing.WAITING, steps=(Step(wording.waits(in_time)),))
    if attempts:
        steps = (Step(wording.all_too_late(len(attempts))),)
        return replace(cell, standing=Standing.TOO_LATE, points=0.0, steps=steps)
    if cell.due is None or utc(now) <= utc(cell.due):
        return replace(cell, steps=(Step(wording.nothing_yet(cell.due)),))
    return replace(
        cell, standing=Standing.MISSING, points=0.0, steps=(Step(wording.nothing_came(cell.due)),)
    )


def _by_hand_alone(cell: Cell, column: Column, decisions: Decisions) -> Cell:
    """Points that people gave although no attempt counts."""
    exercises = tuple(_corrected(replace(one, score=0.0), decisions) for one in column.exercises)
    subtotal = _cents(sum((_worth(one, column.policy) for one in exercises), _ZERO))
    points, steps = _given(subtotal, decisions)
    return replace(
        cell,
        standing=Standing.COUNTED,
        points=_rounded(points),
        exercises=exercises,
        steps=(
            Step(wording.NO_ATTEMPT),
            *wording.corrected(decisions, exercises, column.policy),
            *steps,
        ),
    )


# --- numbers -------------------------------------------------------------------------------------


def _decimal(value: float) -> Decimal:
    """A number as it is written, not as the machine stores it."""
    return Decimal(str(value))


def _cents(value: Decimal) -> Decimal:
    return value.quantize(_CENT, ROUND_HALF_UP)


def _rounded(value: Decimal) -> float:
    return float(_cents(value))

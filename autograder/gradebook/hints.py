"""The ladder of hints: who makes the same mistake again reads the next hint, not the same line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from autograder.model import ExerciseReport, Report, Status

HINTS = 3  # folded below each exercise, the gentlest first
_NEXT = (
    "This is the same point as in your {attempts}. Open hint {hint} of {hints} below the exercise, "
    "and change one thing before you submit again."
)
_ASK = (
    "This is the same point as in your last {repeats} attempts, and there is no further hint. "
    "Bring your code to your instructor: together this takes a few minutes."
)


def with_next_hints(report: Report, earlier: Sequence[Report], hints: int = HINTS) -> Report:
    """The report with a hint in the place of a line that its student has read before.

    ``earlier`` holds the same student's reports of this assignment, the oldest first.
    """
    exercises = tuple(
        with_next_hint(
            part, [one for r in earlier for one in r.exercises if one.id == part.id], hints
        )
        for part in report.exercises
    )
    return replace(report, exercises=exercises)


def with_next_hint(
    exercise: ExerciseReport, earlier: Sequence[ExerciseReport], hints: int = HINTS
) -> ExerciseReport:
    """One exercise, with the rung of the ladder that fits how often its mistake was made."""
    repeats = _repeats(exercise, earlier)
    if not repeats:
        return exercise
    if repeats > hints:
        said = _ASK.format(repeats=repeats)
    else:
        attempts = "last attempt" if repeats == 1 else f"last {repeats} attempts"
        said = _NEXT.format(attempts=attempts, hint=repeats, hints=hints)
    return replace(exercise, remarks=(said, *exercise.remarks[1:]))


def _repeats(exercise: ExerciseReport, earlier: Sequence[ExerciseReport]) -> int:
    """In how many attempts just before this one the same was wrong; another attempt ends the run.

    An attempt that left the exercise out says nothing about it.
    """
    if exercise.status is Status.PASSED or not exercise.remarks:
        return 0
    repeats = 0
    for before in reversed(earlier):
        if before.status is Status.NOT_ATTEMPTED:
            continue
        if not _is_same(exercise, before):
            break
        repeats += 1
    return repeats


def _is_same(one: ExerciseReport, other: ExerciseReport) -> bool:
    """The same named mistake; of those without a name, the same first line."""
    if one.mistake or other.mistake:
        return one.mistake == other.mistake
    return one.remarks[:1] == other.remarks[:1]

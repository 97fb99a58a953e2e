"""From checks to points and remarks: pure functions, no I/O."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.course.mistakes import Entry
from autograder.model import Check, Exercise, ExerciseReport, Status

MAX_REMARKS = 3


def exercise_report(
    exercise: Exercise,
    checks: Sequence[Check],
    slip: Entry | None,
    problems: Sequence[str],
    attempted: bool,
    code: str,
) -> ExerciseReport:
    """Put one exercise's checks together: its score, status and at most three remarks."""
    remarks = _remarks(checks, slip, problems)
    return ExerciseReport(
        id=exercise.id,
        title=exercise.title,
        points=exercise.points,
        score=score(exercise, checks),
        status=status(checks) if attempted else Status.NOT_ATTEMPTED,
        remarks=remarks,
        mistake=slip.name if slip else None,
        checks=tuple(checks),
        code=code,
    )


def score(exercise: Exercise, checks: Sequence[Check]) -> float:
    """Share the points among the hidden checks by weight.

    The visible check carries none: its example can be copied into an answer, and who solved
    the exercise passes the hidden ones as well.
    """
    hidden = [check for check in checks if check.hidden]
    total = sum(check.weight for check in hidden)
    earned = sum(check.weight for check in hidden if check.status is Status.PASSED)
    if total == 0 or (exercise.all_or_nothing and earned < total):
        return 0.0
    return round(exercise.points * earned / total, 2)


def status(checks: Sequence[Check]) -> Status:
    """PASSED when every check passed, else what became of the first that did not."""
    bad = [check.status for check in checks if check.status is not Status.PASSED]
    return bad[0] if bad else Status.PASSED


def _remarks(
    checks: Sequence[Check], slip: Entry | None, problems: Sequence[str]
) -> tuple[str, ...]:
    """The most important first: why it could not run, the tutor's line, then what failed."""
    failed = dict.fromkeys(c.message for c in checks if c.status is not Status.PASSED)
    tutor = [slip.tutor] if slip and slip.tutor else []
    return tuple([*problems, *tutor, *([] if problems else failed)][:MAX_REMARKS])

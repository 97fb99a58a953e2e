"""From checks to points and remarks: pure functions, no I/O."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.course.mistakes import Entry
from autograder.model import Check, Exercise, ExerciseReport, Status

MAX_REMARKS = 3
_DECIDED = (Status.FAILED, Status.NOT_RUN)  # what a check that decides an exercise must not be


def exercise_report(
    exercise: Exercise,
    checks: Sequence[Check],
    mistake: Entry | None,
    explained: str,
    problems: Sequence[str],
    attempted: bool,
    code: str,
) -> ExerciseReport:
    """Put one exercise's checks together: its score, status and at most three remarks.

    ``explained`` is what is said of the answer as a whole: the mistake's line, or a relation.
    """
    remarks = _remarks(checks, explained, problems)
    return ExerciseReport(
        id=exercise.id,
        title=exercise.title,
        points=exercise.points,
        score=score(exercise, checks),
        status=status(checks) if attempted else Status.NOT_ATTEMPTED,
        remarks=remarks,
        mistake=mistake.name if mistake else None,
        checks=tuple(checks),
        code=code,
    )


def score(exercise: Exercise, checks: Sequence[Check]) -> float:
    """An exercise's points: the share of its hidden checks that passed, by weight.

    The visible check carries none: its example can be copied into an answer, and who solved
    the exercise passes the hidden ones as well.
    """
    earned = share(checks)
    if exercise.all_or_nothing and earned < 1:
        return 0.0
    return round(exercise.points * earned, 2)


def share(checks: Sequence[Check]) -> float:
    """The share of an exercise that its hidden checks earn, from 0 to 1.

    A check about a fact (a dtype, a device) earns as much of its weight as the checks about values
    earn of theirs: zeros in the right dtype are worth nothing. A check that failed, or for which
    the submission left no time, may leave no more than its ``keeps``, whatever the others say.
    """
    hidden = [check for check in checks if check.hidden]
    values = [check for check in hidden if not check.about]
    facts = [check for check in hidden if check.about]
    if not hidden:
        return 0.0
    right = _passed(values) if values else 1.0
    earned = right * (_weight(values) + _weight(facts) * _passed(facts))
    most = min((check.keeps for check in hidden if check.status in _DECIDED), default=1.0)
    return min(most, earned / _weight(hidden))


def _weight(checks: Sequence[Check]) -> float:
    return sum(check.weight for check in checks)


def _passed(checks: Sequence[Check]) -> float:
    """The share of some checks that passed, by weight."""
    passed = [check for check in checks if check.status is Status.PASSED]
    return _weight(passed) / _weight(checks) if checks else 0.0


def status(checks: Sequence[Check]) -> Status:
    """PASSED when every check passed, else what became of the first that did not.

    What was not judged stands behind what was: something else is the reason for it.
    """
    bad = [check.status for check in checks if check.status is not Status.PASSED]
    judged = [one for one in bad if one is not Status.NOT_JUDGED]
    return next(iter([*judged, *bad]), Status.PASSED)


def _remarks(checks: Sequence[Check], explained: str, problems: Sequence[str]) -> tuple[str, ...]:
    """The most important first: why it could not run, what decides, what explains it, the rest."""
    failed = [c for c in checks if c.status not in (Status.PASSED, Status.NOT_JUDGED)]
    decisive = [c.message for c in failed if c.keeps < 1 and c.status is Status.FAILED]
    tutor = [explained] if explained else []
    if problems:
        return tuple([*problems, *tutor][:MAX_REMARKS])
    rest = [c.message for c in (*failed, *checks) if c.status is not Status.PASSED]
    return tuple(dict.fromkeys([*decisive, *tutor, *rest]))[:MAX_REMARKS]

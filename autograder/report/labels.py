"""How statuses are labelled on the pages: a word and a symbol each, never colour alone."""

from __future__ import annotations

from autograder.model import Check, ExerciseReport, Outcome, Report, Status, Tier

FOR_STUDENTS = {
    Status.PASSED: "passed",
    Status.FAILED: "not yet right",
    Status.CRASHED: "stopped with an error",
    Status.TIMED_OUT: "ran out of time",
    Status.OUT_OF_MEMORY: "ran out of memory",
    Status.NOT_RUN: "not run",
    Status.NOT_JUDGED: "not checked",
    Status.NOT_ATTEMPTED: "not attempted",
}
FOR_INSTRUCTORS = {status: status.value.replace("_", " ") for status in Status}
OUTCOMES = {
    Outcome.GRADED: "graded",
    Outcome.NOT_GRADED: "not graded",
    Outcome.UNREADABLE: "unreadable",
}
NOT_HANDED_IN = "not submitted"  # what stands in an outcome's place where there is no report
TIERS = {
    Tier.PRACTICE: "nothing hidden was present",
    Tier.SEPARATE: "NOT ISOLATED: student code ran with your rights",
    Tier.CONFINED: "a separate, restricted process without network",
    Tier.ISOLATED: "files, network and other processes were out of reach",
}
FAULTS = (Status.CRASHED, Status.TIMED_OUT, Status.OUT_OF_MEMORY)


def outcome_words(report: Report) -> str:
    """What became of a submission, for instructors; an excuse says more than how it was graded."""
    return "excused" if report.excused else OUTCOMES[report.status]


def exercise_words(exercise: ExerciseReport) -> str:
    """The state of one exercise in a student's words, and no more than its checks have shown."""
    if exercise.status is Status.PASSED:
        if not exercise.checks:
            return FOR_STUDENTS[Status.PASSED]  # what was checked may not be read
        seen = any(check.hidden for check in exercise.checks)
        return "hidden checks passed" if seen else "visible checks passed"
    if 0 < exercise.score < exercise.points:
        return f"partly right, {FOR_STUDENTS[exercise.status]}".removesuffix(", not yet right")
    return FOR_STUDENTS[exercise.status]


def check_words(check: Check) -> str:
    """The state of one check in a student's words."""
    if check.status is Status.PASSED and not check.hidden:
        return "visible checks passed"
    return FOR_STUDENTS[check.status]

"""What of a report its student may read: everything, headings, the score, or nothing yet."""

from __future__ import annotations

from dataclasses import replace

from autograder.course.policy import Disclosure
from autograder.model import Check, ExerciseReport, Outcome, Report
from autograder.notebook.wording import sentence

LATER = "It was received. What the checks say is not shown yet."


def disclosed(report: Report, level: Disclosure) -> Report:
    """The report with no more in it than may be read.

    What is wrong with the file itself, and that the machine failed, is never held back.
    """
    if level is Disclosure.MISTAKES or report.status is not Outcome.GRADED:
        return report
    if level is Disclosure.NOTHING:
        return replace(
            report, status=Outcome.NOT_GRADED, reason=LATER, exercises=(), counted=None, flags=()
        )
    narrowed = tuple(_narrowed(part, level) for part in report.exercises)
    return replace(report, exercises=narrowed)


def _narrowed(exercise: ExerciseReport, level: Disclosure) -> ExerciseReport:
    checks = () if level is Disclosure.SCORE else tuple(map(_heading, exercise.checks))
    return replace(exercise, remarks=(), mistake=None, checks=checks)


def _heading(check: Check) -> Check:
    """What a check looks at, and whether it passed; its time and a hidden one's why say more."""
    said = sentence(check.message) if check.hidden else check.message
    return replace(check, seconds=0.0, message=said)

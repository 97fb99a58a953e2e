"""Compares a report with what a case expects, and says how they differ."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from autograder.model import Outcome, Report, Status
from autograder.report.results import to_dict
from tests.support.cases import Case

# A hurried check's limit, the two seconds that it may first spend in company, and the half second
# in which whatever runs too long must have been ended.
_LONGEST = 1.0 + 2.0 + 0.5


def differences(case: Case, report: Report) -> list[str]:
    """Everything in which the report is not as the case expects; nothing when all is well."""
    if case.expect == "unreadable":
        right = report.status is Outcome.UNREADABLE and report.score == 0
        found = [] if right else [f"{report.status} with {report.score} points"]
    else:
        found = _wrong_scores(case, report)
    found += _overdue(report) if case.hurried else []
    text = "\n".join(_said(report))
    found += [f"nowhere said: {line!r}; said:\n{text}" for line in case.says if line not in text]
    repeated = json.dumps(_without_code(report), ensure_ascii=False)
    found += [f"repeated: {text!r}" for text in case.never if text in repeated]
    flags = "\n".join(report.flags)
    return found + [
        f"not flagged: {name}; only:\n{flags}" for name in case.flags if name not in flags
    ]


def _without_code(report: Report) -> dict[str, Any]:
    """The report, without the one place that shows a student's own text."""
    silent = tuple(replace(exercise, code="") for exercise in report.exercises)
    return to_dict(replace(report, exercises=silent))


def _wrong_scores(case: Case, report: Report) -> list[str]:
    if report.status is not Outcome.GRADED:
        return [f"{report.status}: {report.reason}"]
    expected = case.scores()
    return [
        f"{e.id} earned {e.score}, not {expected[e.id]}: {e.remarks}"
        for e in report.exercises if e.score != expected[e.id]
    ]  # fmt: skip


def _overdue(report: Report) -> list[str]:
    checks = [check for exercise in report.exercises for check in exercise.checks]
    return [
        f"{check.name} ended after {check.seconds:.2f} s"
        for check in checks if check.status is Status.TIMED_OUT and check.seconds > _LONGEST
    ]  # fmt: skip


def _said(report: Report) -> list[str]:
    remarks = [f"{e.id}: {remark}" for e in report.exercises for remark in e.remarks]
    return [report.reason or "", *report.notes, *remarks]

"""What a student may read of their attempts now: by the policy, the tokens and the hints."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from autograder.course.policy import Disclosure, Policy, Tokens
from autograder.gradebook import attempts as gradebook
from autograder.gradebook.feedback import Rules
from autograder.gradebook.gradebook import Cell
from autograder.gradebook.hints import with_next_hints
from autograder.gradebook.tokens import Balance, balance, turns
from autograder.gradebook.wording import moment
from autograder.model import Outcome, Person, Report
from autograder.report.feedback import Feedback
from autograder.report.sanitize import count, number
from autograder.service.book import as_gradebook, cell_of, rules_of
from autograder.service.service import Service
from autograder.service.storage.attempts import Attempt
from autograder.service.storage.tables import Outcome as AttemptOutcome

_LIMIT = "You can read the feedback for {often}."
_LATER = (
    f"{_LIMIT} You have reached this limit for now. The feedback for this attempt is shown from "
    "{until} on. If you submit again before then, you read the feedback for the newer attempt "
    "instead."
)
_NEWER = (
    "You submitted a newer attempt before the feedback for this one could be shown. So you read "
    "the feedback for the newer one. This attempt was graded, too, and can count."
)


@dataclass(frozen=True)
class Reading:
    """One student's attempts at one assignment, at one moment."""

    service: Service
    person: Person
    policy: Policy
    attempts: tuple[Attempt, ...]  # the newest first
    rules: Rules
    due: datetime.datetime | None  # their own, extensions included

    @staticmethod
    def of(service: Service, person: Person, assignment: str) -> Reading:
        """That of one person, now."""
        policy = service.course.config.policy(assignment)
        rules = rules_of(service, [person])
        attempts = tuple(service.attempts.of_student(person.student, assignment))
        due = rules.book.about(person, assignment).due(policy)
        return Reading(service, person, policy, attempts, rules, due)

    # --- the points ------------------------------------------------------------------------------

    @property
    def cell(self) -> Cell:
        """The gradebook's cell, as far as the student may read about their attempts."""
        return cell_of(self.service, self.person, self.policy.assignment, self._readable())

    @property
    def hides_all(self) -> bool:
        """Whether the policy shows not even a score yet."""
        return any(
            self.rules.feedback(report).level is Disclosure.NOTHING
            for report in self._reports(self.attempts)
        )

    @property
    def said(self) -> str:
        """How many attempts a student may still read about; empty where there is no limit."""
        tokens = self.policy.tokens
        if tokens is None:
            return ""
        left = balance(self._counted(), tokens, self.due, self.rules.now)
        return " ".join((_LIMIT.format(often=_often(tokens)), self._left(left)))

    def _left(self, left: Balance) -> str:
        verb = "is" if left.left < 2 else "are"
        if left.more_at is None:
            return f"{left.left or 'None'} {verb} left."
        amount, more_at = left.left or "None", self._at(left.more_at)
        return f"{amount} {verb} left now; the next one comes on {more_at}."

    # --- one attempt -----------------------------------------------------------------------------

    def hides(self, attempt: Attempt) -> bool:
        """Whether a student may not read the score of an attempt yet."""
        if attempt.report is None:
            return False
        report = self.service.report(attempt.report)
        graded = report.status is Outcome.GRADED
        return graded and self.feedback(attempt, report).level is Disclosure.NOTHING

    def feedback(self, attempt: Attempt, report: Report) -> Feedback:
        """What the student may read of one attempt now, and else when."""
        feedback = self.rules.feedback(report)
        if feedback.level is Disclosure.NOTHING or not self._is_withheld(attempt):
            return feedback
        until = self._turns.get(attempt.number)
        if until is None:
            return Feedback(Disclosure.NOTHING, said=_NEWER)
        assert self.policy.tokens is not None  # without them every turn comes at once
        said = _LATER.format(often=_often(self.policy.tokens), until=self._at(until))
        return Feedback(Disclosure.NOTHING, until, said)

    def with_hints(self, attempt: Attempt, report: Report) -> Report:
        """A report that names the next hint where its student has read the same line before."""
        return with_next_hints(report, self._reports(self._before(attempt)[::-1]))

    def before(self, attempt: Attempt) -> Attempt | None:
        """The attempt that the student has read about before this one."""
        return next(iter(self._before(attempt)), None)

    def _before(self, attempt: Attempt) -> list[Attempt]:
        return [one for one in self._readable() if one.number < attempt.number and one.report]

    def _readable(self) -> list[Attempt]:
        return [one for one in self.attempts if not self._is_withheld(one)]

    def _is_withheld(self, attempt: Attempt) -> bool:
        """Whether a token is missing: for what was graded, and for nothing else."""
        if self.policy.tokens is None or attempt.report is None:
            return False
        if self.service.report(attempt.report).status is not Outcome.GRADED:
            return False
        shown = self._turns.get(attempt.number)
        return shown is None or shown > self.rules.now

    @cached_property
    def _turns(self) -> dict[int, datetime.datetime | None]:
        found = turns(self._counted(), self.policy.tokens, self.due)
        return {turn.attempt.number: turn.shown for turn in found}

    def _counted(self) -> list[gradebook.Attempt]:
        kept = (one for one in self.attempts if one.outcome is not AttemptOutcome.REPLACED)
        return [as_gradebook(self.service, one) for one in kept]

    def _reports(self, attempts: Sequence[Attempt]) -> list[Report]:
        return [self.service.report(one.report) for one in attempts if one.report]

    def _at(self, at: datetime.datetime) -> str:
        return moment(at.astimezone(self.rules.now.tzinfo))


def _often(tokens: Tokens) -> str:
    hours = tokens.window / datetime.timedelta(hours=1)
    early = ""
    if tokens.early:
        ahead = number(tokens.ahead / datetime.timedelta(hours=1))
        early = f", and for {tokens.early} more while the due time is at least {ahead} hours away"
    return f"{count(tokens.most, 'attempt')} in {number(hours)} hours{early}"

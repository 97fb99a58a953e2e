"""Re-grades: after a grader has changed, what would change for whom, before anybody decides."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from autograder.errors import UsageError
from autograder.model import Outcome as ReportOutcome
from autograder.report.summary import Change
from autograder.service.storage.attempts import (
    REGRADE,
    Attempts,
    now,
    settled,
)
from autograder.service.storage.database import Database
from autograder.service.storage.tables import Outcome, State, attempts, regrades, tasks

APPLIED = "applied"
DROPPED = "dropped"


@dataclass(frozen=True)
class Regrade:
    """One re-grade of an assignment, and how far it is."""

    id: int
    assignment: str
    asked: datetime.datetime
    asked_by: str
    seed: int | None  # of the inputs by which it confirms; None: each attempt's own
    decision: str | None
    done: int
    total: int

    @property
    def ready(self) -> bool:
        """Whether everything has been graded again and nobody has decided yet."""
        return self.decision is None and self.done == self.total


class Regrades:
    """The re-grades of a course."""

    def __init__(self, database: Database, attempts: Attempts) -> None:
        self._database = database
        self._attempts = attempts

    def ask(self, assignment: str, who: str) -> int:
        """Put all attempts into the queue again, with their inputs, behind what students wait for.

        Those that do not count are among them: another one may be the best by the new graders.
        """
        found = self._attempts.of_assignment(assignment)
        again = [one.id for one in found if one.outcome in (Outcome.GRADED, Outcome.NOT_GRADED)]
        if not again:
            raise UsageError("There is nothing to grade again: no attempt has a result yet.")
        return self._put(assignment, who, again)

    def confirm(self, assignment: str, who: str, counting: Sequence[int], seed: int) -> int:
        """Put attempts that count into the queue again, with inputs of another seed."""
        if not counting:
            raise UsageError("There is nothing to confirm: every attempt that counts is confirmed.")
        return self._put(assignment, who, counting, seed)

    def _put(self, assignment: str, who: str, again: Sequence[int], seed: int | None = None) -> int:
        with self._database.writing() as connection:
            values = {"assignment": assignment, "asked": now(), "asked_by": who, "seed": seed}
            added = regrades.insert().values(**values).returning(regrades.c.id)
            id = int(connection.execute(added).scalar_one())
            task = {"regrade": id, "priority": REGRADE, "state": State.QUEUED, "queued": now()}
            rows = [{**task, "attempt": attempt, "claims": 0} for attempt in again]
            connection.execute(tasks.insert(), rows)
        return id

    def of_assignment(self, assignment: str) -> list[Regrade]:
        """The re-grades of an assignment, the newest first."""
        return self._select(regrades.c.assignment == assignment)[::-1]

    def find(self, id: int) -> Regrade | None:
        """One re-grade."""
        found = self._select(regrades.c.id == id)
        return found[0] if found else None

    def changes(self, id: int) -> list[Change]:
        """What a re-grade would change, by student; of what is graded so far."""
        read = self._attempts.report
        return [
            Change(row.student, read(row.report) if row.report else None, read(row.again))
            for row in self._graded(id)
        ]

    def decide(self, id: int, decision: str, who: str) -> int:
        """Apply a re-grade or drop it, once; return how many attempts have another report now.

        A submission that could not be graded this time keeps the result that it has.
        """
        graded = [(row, self._attempts.report(row.again)) for row in self._graded(id)]
        with self._database.writing() as connection:
            open_ = (regrades.c.id == id) & regrades.c.decision.is_(None)
            values = {"decision": decision, "decided": now(), "decided_by": who}
            if not connection.execute(sa.update(regrades).where(open_).values(**values)).rowcount:
                raise UsageError("Somebody has decided on this re-grade already.")
            waits = (tasks.c.regrade == id) & (tasks.c.state == State.QUEUED)
            connection.execute(sa.update(tasks).where(waits).values(state=State.REPLACED))
            if decision != APPLIED:
                return 0
            new = [one for one in graded if one[1].status is not ReportOutcome.NOT_GRADED]
            for row, report in new:
                mine = attempts.c.id == row.id
                connection.execute(
                    sa.update(attempts).where(mine).values(**settled(report, row.again))
                )
        return len(new)

    def _graded(self, id: int) -> list[sa.Row[Any]]:
        query = (
            sa.select(attempts, tasks.c.report.label("again"))
            .join(tasks, tasks.c.attempt == attempts.c.id)
            .where((tasks.c.regrade == id) & (tasks.c.state == State.DONE))
            .order_by(attempts.c.student)
        )
        with self._database.reading() as connection:
            return list(connection.execute(query))

    def _select(self, wanted: sa.ColumnElement[bool]) -> list[Regrade]:
        done = sa.func.count().filter(tasks.c.state == State.DONE)
        query = (
            sa.select(regrades, done.label("done"), sa.func.count().label("total"))
            .join(tasks, tasks.c.regrade == regrades.c.id)
            .where(wanted)
            .group_by(regrades.c.id)
            .order_by(regrades.c.id)
        )
        with self._database.reading() as connection:
            return [_regrade(row) for row in connection.execute(query)]


def _regrade(row: sa.Row[Any]) -> Regrade:
    about = (row.id, row.assignment, row.asked, row.asked_by, row.seed, row.decision)
    return Regrade(*about, done=row.done, total=row.total)

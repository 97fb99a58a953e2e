"""The queue: workers claim tasks by a lease, which they must renew; a lost one is taken up again.

Only who holds a task can finish it, so a worker that comes back too late changes nothing.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from autograder.model import Outcome, Report
from autograder.service.storage.attempts import Attempt, attempt_of, bring_back, now, settled
from autograder.service.storage.database import Database
from autograder.service.storage.tables import State, attempts, regrades, tasks

LEASE = 15.0  # seconds until a task is taken away from a process that is silent


@dataclass(frozen=True)
class Task:
    """One attempt to grade."""

    id: int
    attempt: Attempt
    regrade: int | None
    seed: int | None  # of the inputs by which a re-grade confirms
    claims: int  # this one included


@dataclass(frozen=True)
class Phases:
    """When an attempt came into the queue, was taken out of it and was finished."""

    queued: datetime.datetime
    claimed: datetime.datetime | None
    finished: datetime.datetime | None
    state: State
    claims: int


class Queue:
    """The tasks of a course, as one process sees them."""

    def __init__(self, database: Database, holder: str, lease: float = LEASE) -> None:
        self._database = database
        self._holder = holder
        self._lease = datetime.timedelta(seconds=lease)

    def claim(self) -> Task | None:
        """Take the next task, if there is one: live work first, one of each student at a time."""
        with self._database.writing() as connection:
            moment = now()
            _release(connection, (tasks.c.lease_until < moment))
            row = connection.execute(_next()).one_or_none()
            if row is None:
                return None
            claims = row.claims + 1
            values = {"holder": self._holder, "claimed": moment, "claims": claims}
            mine = tasks.c.id == row.task
            connection.execute(
                sa.update(tasks)
                .where(mine)
                .values(state=State.RUNNING, lease_until=moment + self._lease, **values)
            )
        return Task(row.task, attempt_of(row), row.regrade, row.seed, claims)

    def renew(self, ids: Sequence[int]) -> None:
        """Say that this process still works on these tasks."""
        mine = (tasks.c.holder == self._holder) & (tasks.c.state == State.RUNNING)
        mine &= tasks.c.id.in_(ids)
        with self._database.writing() as connection:
            until = now() + self._lease
            connection.execute(sa.update(tasks).where(mine).values(lease_until=until))

    def finish(self, task: Task, report: Report, digest: str) -> bool:
        """Keep a report, once; say whether this process still held the task.

        Where the file could not be graded, the attempt counts whose place it had taken.
        """
        held = (tasks.c.id == task.id) & (tasks.c.holder == self._holder)
        held &= tasks.c.state == State.RUNNING
        done = {"state": State.DONE, "finished": now(), "report": digest, "lease_until": None}
        with self._database.writing() as connection:
            if not connection.execute(sa.update(tasks).where(held).values(**done)).rowcount:
                return False
            if task.regrade is None:
                mine = attempts.c.id == task.attempt.id
                connection.execute(
                    sa.update(attempts).where(mine).values(**settled(report, digest))
                )
                if report.status is not Outcome.GRADED:
                    bring_back(connection, task.attempt)
        return True

    def give_back(self) -> None:
        """Put all that this process works on into the queue again, at the front."""
        with self._database.writing() as connection:
            _release(connection, tasks.c.holder == self._holder)

    def waiting(self) -> list[int]:
        """The attempts that students wait for: first those in work, then in the queue's order."""
        live = tasks.c.state.in_((State.RUNNING, State.QUEUED)) & tasks.c.regrade.is_(None)
        query = sa.select(tasks.c.attempt, tasks.c.state).where(live).order_by(tasks.c.id)
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return [row.attempt for row in sorted(rows, key=lambda row: row.state != State.RUNNING)]

    def sizes(self) -> Mapping[str, int]:
        """How many tasks are in each state."""
        query = sa.select(tasks.c.state, sa.func.count()).group_by(tasks.c.state)
        with self._database.reading() as connection:
            found = {str(state): int(amount) for state, amount in connection.execute(query)}
        return {state: found.get(state, 0) for state in State}

    def phases(self, attempt: int) -> Phases | None:
        """When what happened to an attempt."""
        mine = (tasks.c.attempt == attempt) & tasks.c.regrade.is_(None)
        names = (tasks.c.queued, tasks.c.claimed, tasks.c.finished, tasks.c.state, tasks.c.claims)
        with self._database.reading() as connection:
            row = connection.execute(sa.select(*names).where(mine)).one_or_none()
        if row is None:
            return None
        return Phases(row.queued, row.claimed, row.finished, State(row.state), row.claims)


def _next() -> sa.Select[Any]:
    other = tasks.alias()
    others = attempts.alias()
    busy = (
        sa.select(others.c.student)
        .join(other, other.c.attempt == others.c.id)
        .where(other.c.state == State.RUNNING)
    )
    wanted = (tasks.c.state == State.QUEUED) & attempts.c.student.not_in(busy)
    names = (tasks.c.id.label("task"), tasks.c.claims, tasks.c.regrade, regrades.c.seed)
    return (
        sa.select(*names, attempts)
        .join(attempts, attempts.c.id == tasks.c.attempt)
        .join(regrades, regrades.c.id == tasks.c.regrade, isouter=True)
        .where(wanted)
        .order_by(tasks.c.priority, tasks.c.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=tasks)
    )


def _release(connection: sa.Connection, which: sa.ColumnElement[bool]) -> None:
    running = which & (tasks.c.state == State.RUNNING)
    free = {"state": State.QUEUED, "holder": None, "lease_until": None}
    connection.execute(sa.update(tasks).where(running).values(**free))

"""Attempts: what students submitted, when, and what came of it."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from autograder.model import Outcome as ReportOutcome
from autograder.model import Report
from autograder.report.results import from_dict, to_dict
from autograder.report.summary import score_of
from autograder.service.storage.database import Database
from autograder.service.storage.files import Files
from autograder.service.storage.tables import Outcome, State, attempts, tasks

LIVE = 0  # the priority of what a student waits for
REGRADE = 1


@dataclass(frozen=True)
class Attempt:
    """One submission at one time."""

    id: int
    student: str
    assignment: str
    number: int
    received: datetime.datetime
    file: str
    sha256: str
    way: str
    outcome: Outcome
    score: float | None
    max_score: float | None
    report: str | None


@dataclass(frozen=True)
class Arrival:
    """A file that is on the disk and becomes an attempt."""

    student: str
    assignment: str
    file: str
    sha256: str
    way: str
    received: datetime.datetime


def now() -> datetime.datetime:
    """This moment in UTC."""
    return datetime.datetime.now(datetime.UTC)


class Attempts:
    """The attempts of a course."""

    def __init__(self, database: Database, files: Files) -> None:
        self._database = database
        self._files = files

    def receive(self, arrivals: Sequence[Arrival]) -> list[int]:
        """Make attempts of files in one transaction; return their ids once the disk has them.

        A newer attempt takes the place of one that still waits. The very file that waits already
        is no new attempt: who sends it again has not heard the answer.
        """
        with self._database.writing() as connection:
            if connection.dialect.name == "postgresql":  # numbers are given by one at a time
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(21)"))
            return [_receive(connection, arrival) for arrival in arrivals]

    def find(self, id: int) -> Attempt | None:
        """One attempt."""
        found = self._select(attempts.c.id == id)
        return found[0] if found else None

    def of_student(self, student: str, assignment: str | None = None) -> list[Attempt]:
        """A student's attempts, the newest first."""
        wanted = attempts.c.student == student
        if assignment is not None:
            wanted &= attempts.c.assignment == assignment
        return self._select(wanted)[::-1]

    def of_assignment(self, assignment: str) -> list[Attempt]:
        """Everybody's attempts, in the order in which they came."""
        return self._select(attempts.c.assignment == assignment)

    def all(self) -> list[Attempt]:
        """Everybody's attempts at everything, in the order in which they came."""
        return self._select(sa.true())

    def report(self, digest: str) -> Report:
        """A report by its digest."""
        return from_dict(json.loads(self._files.read(digest)), digest)

    def put_report(self, report: Report) -> str:
        """Keep a report; return its digest."""
        return self._files.put(json.dumps(to_dict(report), indent=1, allow_nan=False).encode())

    def _select(self, wanted: sa.ColumnElement[bool]) -> list[Attempt]:
        query = sa.select(attempts).where(wanted).order_by(attempts.c.id)
        with self._database.reading() as connection:
            return [attempt_of(row) for row in connection.execute(query)]


def attempt_of(row: sa.Row[Any]) -> Attempt:
    """A row as an attempt."""
    values = {name: getattr(row, name) for name in attempts.c.keys()}  # noqa: SIM118 (a collection)
    return Attempt(**{**values, "outcome": Outcome(row.outcome)})


def settled(report: Report, digest: str) -> dict[str, Any]:
    """The columns of an attempt that a report decides."""
    failed = report.status is ReportOutcome.NOT_GRADED
    return {
        "outcome": Outcome.NOT_GRADED if failed else Outcome.GRADED,
        "score": score_of(report),
        "max_score": report.max_score,
        "report": digest,
    }


def _receive(connection: sa.Connection, arrival: Arrival) -> int:
    mine = (attempts.c.student == arrival.student) & (attempts.c.assignment == arrival.assignment)
    query = sa.select(attempts).where(mine).order_by(attempts.c.number.desc()).limit(1)
    last = connection.execute(query).one_or_none()
    if last and last.outcome == Outcome.WAITING:
        if last.sha256 == arrival.sha256:
            return int(last.id)
        _replace(connection, last.id)
    number = last.number + 1 if last else 1
    values = {**arrival.__dict__, "number": number, "outcome": Outcome.WAITING}
    added = connection.execute(attempts.insert().values(**values).returning(attempts.c.id))
    id = int(added.scalar_one())
    connection.execute(_task(id, LIVE, arrival.received))
    return id


def _replace(connection: sa.Connection, attempt: int) -> None:
    """Take a waiting attempt out of the queue, unless a worker has it already."""
    waits = (tasks.c.attempt == attempt) & (tasks.c.state == State.QUEUED)
    if connection.execute(sa.update(tasks).where(waits).values(state=State.REPLACED)).rowcount:
        mine = attempts.c.id == attempt
        connection.execute(sa.update(attempts).where(mine).values(outcome=Outcome.REPLACED))


def _task(attempt: int, priority: int, queued: datetime.datetime) -> sa.Insert:
    values = {"attempt": attempt, "priority": priority, "queued": queued}
    return tasks.insert().values(state=State.QUEUED, claims=0, **values)

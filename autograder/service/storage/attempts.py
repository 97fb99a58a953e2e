"""Attempts: what students submitted, when, and what came of it."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Mapping, Sequence
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

MOST_KNOWN = 50_000  # attempts of which it is remembered whose they are
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


_Turn = dict[tuple[str, str], Arrival]  # by student and assignment


def now() -> datetime.datetime:
    """This moment in UTC."""
    return datetime.datetime.now(datetime.UTC)


class Attempts:
    """The attempts of a course."""

    def __init__(
        self,
        database: Database,
        files: Files,
        only_last_counts: Callable[[str, datetime.datetime], bool] = lambda name, received: True,
    ) -> None:
        self._database = database
        self._files = files
        self._only_last_counts = only_last_counts  # of all that came until then
        self._owners: dict[int, str] = {}

    def receive(self, arrivals: Sequence[Arrival]) -> list[int]:
        """Make attempts of files in one transaction; return their ids once the disk has them.

        Where only the last attempt can count, a newer one takes the place of one that still waits.
        The very file that waits already is no new attempt: who sends it again has not heard the
        answer.
        """
        with self._database.writing() as connection:
            if connection.dialect.name == "postgresql":  # numbers are given by one at a time
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(21)"))
            ids: dict[Arrival, int] = {}
            for turn in _turns(arrivals):
                ids |= self._receive(connection, turn)
        self._remember(ids)
        return [ids[arrival] for arrival in arrivals]

    def _receive(self, connection: sa.Connection, turn: _Turn) -> dict[Arrival, int]:
        """Make attempts of one turn: a few statements for all, since a class comes at once."""
        last = _last(connection, list(turn))
        new: dict[Arrival, int] = {}  # and their numbers
        known: dict[Arrival, int] = {}
        for key, arrival in turn.items():
            before = last.get(key)
            waits = before is not None and before.outcome == Outcome.WAITING
            if before and waits and before.sha256 == arrival.sha256:
                known[arrival] = int(before.id)
                continue
            if before and waits and self._only_last_counts(arrival.assignment, arrival.received):
                _replace(connection, before.id)
            new[arrival] = before.number + 1 if before else 1
        return known | _add(connection, new)

    def _remember(self, ids: Mapping[Arrival, int]) -> None:
        if len(self._owners) > MOST_KNOWN:
            self._owners.clear()
        self._owners |= {id: arrival.student for arrival, id in ids.items()}

    def known_owner(self, id: int) -> str | None:
        """Whose attempt it is, if it came in lately; the database knows of all."""
        return self._owners.get(id)

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


def _turns(arrivals: Sequence[Arrival]) -> list[_Turn]:
    """The arrivals in the order in which they came, a student's own in different turns."""
    turns: list[_Turn] = []
    for arrival in arrivals:
        key = (arrival.student, arrival.assignment)
        turn = next((one for one in turns if key not in one), None)
        if turn is None:
            turns.append(turn := {})
        turn[key] = arrival
    return turns


def _last(connection: sa.Connection, keys: list[tuple[str, str]]) -> dict[tuple[str, str], Any]:
    """The newest attempt of each student in each assignment, where there is one."""
    whose = (attempts.c.student, attempts.c.assignment)
    newest = sa.select(sa.func.max(attempts.c.id)).where(sa.tuple_(*whose).in_(keys))
    rows = connection.execute(
        sa.select(attempts).where(attempts.c.id.in_(newest.group_by(*whose).scalar_subquery()))
    )
    return {(row.student, row.assignment): row for row in rows}


def _add(connection: sa.Connection, numbers: Mapping[Arrival, int]) -> dict[Arrival, int]:
    if not numbers:
        return {}
    made = attempts.insert().returning(attempts.c.id, sort_by_parameter_order=True)
    rows = [{**one.__dict__, "number": n, "outcome": Outcome.WAITING} for one, n in numbers.items()]
    ids = dict(zip(numbers, map(int, connection.execute(made, rows).scalars()), strict=True))
    live = {"priority": LIVE, "state": State.QUEUED, "claims": 0}
    queued = [{"attempt": id, "queued": one.received, **live} for one, id in ids.items()]
    connection.execute(tasks.insert(), queued)
    return ids


def _replace(connection: sa.Connection, attempt: int) -> None:
    """Take a waiting attempt out of the queue, unless a worker has it already."""
    waits = (tasks.c.attempt == attempt) & (tasks.c.state == State.QUEUED)
    if connection.execute(sa.update(tasks).where(waits).values(state=State.REPLACED)).rowcount:
        mine = attempts.c.id == attempt
        connection.execute(sa.update(attempts).where(mine).values(outcome=Outcome.REPLACED))


def bring_back(connection: sa.Connection, attempt: Attempt) -> None:
    """Put the attempt before this one into the queue again, if this one had taken its place."""
    mine = (attempts.c.student == attempt.student) & (attempts.c.assignment == attempt.assignment)
    before = sa.select(attempts.c.id, attempts.c.outcome).where(
        mine & (attempts.c.number == attempt.number - 1)
    )
    row = connection.execute(before).one_or_none()
    if row is None or row.outcome != Outcome.REPLACED:
        return
    again = (tasks.c.attempt == row.id) & (tasks.c.state == State.REPLACED)
    again &= tasks.c.regrade.is_(None)
    connection.execute(sa.update(tasks).where(again).values(state=State.QUEUED))
    one = attempts.c.id == row.id
    connection.execute(sa.update(attempts).where(one).values(outcome=Outcome.WAITING))

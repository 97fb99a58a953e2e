"""The tables of the service's database. Its migrations make them; here they are for queries."""

from __future__ import annotations

import datetime
from enum import StrEnum

from sqlalchemy import (
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)


class State(StrEnum):
    """What became of a task."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    REPLACED = "replaced"  # by a newer attempt of the same student, before anybody took it


class Outcome(StrEnum):
    """What became of an attempt."""

    WAITING = "waiting"
    GRADED = "graded"
    NOT_GRADED = "not graded"  # the infrastructure's or the course's fault; it has no score
    REPLACED = "replaced"  # by a newer attempt, before it was graded


class Moment(TypeDecorator[datetime.datetime]):
    """A moment in UTC, which SQLite keeps without its zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self, value: datetime.datetime | None, dialect: Dialect
    ) -> datetime.datetime | None:
        """Refuse what has no zone: nobody could say when it was."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value}: a moment without a time zone")
        return value.astimezone(datetime.UTC)

    def process_result_value(
        self, value: datetime.datetime | None, dialect: Dialect
    ) -> datetime.datetime | None:
        """Give the zone back that SQLite has dropped."""
        if value is None:
            return None
        return value.replace(tzinfo=datetime.UTC) if value.tzinfo is None else value


metadata = MetaData()

people = Table(
    "people",
    metadata,
    Column("student", Text, primary_key=True),
    Column("epoch", Integer, nullable=False),  # links and sessions of an earlier one are revoked
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("student", Text, nullable=False),
    Column("assignment", Text, nullable=False),
    Column("number", Integer, nullable=False),  # 1, 2, ... of one student's in one assignment
    Column("received", Moment, nullable=False),
    Column("file", Text, nullable=False),  # as the student calls it
    Column("sha256", Text, nullable=False),
    Column("way", Text, nullable=False),  # how it came: "browser" or "notebook"
    Column("outcome", Text, nullable=False, default=Outcome.WAITING),
    Column("score", Float),
    Column("max_score", Float),
    Column("report", Text),  # the digest of the result file
    UniqueConstraint("student", "assignment", "number"),
    Index("attempts_of_assignment", "assignment", "student"),
)

regrades = Table(
    "regrades",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("assignment", Text, nullable=False),
    Column("asked", Moment, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("seed", Integer),  # to confirm what counts; empty: each attempt keeps its own
    Column("decision", Text),  # "applied" or "dropped"; empty while nobody has decided
    Column("decided", Moment),
    Column("decided_by", Text),
)

tasks = Table(
    "tasks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("attempt", Integer, ForeignKey("attempts.id"), nullable=False),
    Column("regrade", Integer, ForeignKey("regrades.id")),  # empty: live work
    Column("priority", Integer, nullable=False),  # the smallest goes first
    Column("state", Text, nullable=False, default=State.QUEUED),
    Column("queued", Moment, nullable=False),
    Column("claimed", Moment),
    Column("finished", Moment),
    Column("holder", Text),  # the process that works on it
    Column("lease_until", Moment),  # unless its holder says before then that it lives
    Column("claims", Integer, nullable=False, default=0),
    Column("report", Text),  # the digest of the result file
    Index("tasks_to_do", "state", "priority", "id"),
    Index("tasks_of_attempt", "attempt"),
    Index("tasks_of_regrade", "regrade"),
)

adjustments = Table(  # append-only: a trigger refuses whatever would change or remove a row
    "adjustments",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("student", Text),
    Column("section", Text),
    Column("assignment", Text, nullable=False),
    Column("exercise", Text),
    Column("value", Text),
    Column("who", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("why", Text, nullable=False),
    Column("machine", Float),
)

"""Adjustments of the service: those in its database, and those of the course folder beside it.

The pages write into the database, ``autograder adjust`` into the course folder. Both are added to
and never changed, and both hold. While the folder's file has a fault, what it held before holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import sqlalchemy as sa

from autograder.errors import AutograderError
from autograder.gradebook.adjustments import Adjustment, Kind, check
from autograder.gradebook.ledger import half_a_line, read_adjustments
from autograder.service.storage.database import Database
from autograder.service.storage.tables import adjustments


class Ledger:
    """All adjustments of a course."""

    def __init__(self, database: Database, beside: Path | None = None) -> None:
        self._database = database
        self._beside = beside
        self._read: tuple[int, int] | None = None
        self._held: list[Adjustment] = []
        self.fault = ""  # of the course folder's file as it is now

    def add(self, made: Iterable[Adjustment]) -> None:
        """Add some, all or none; they are on the disk when this returns.

        Raises:
            UsageError: one of them could not be applied.
        """
        rows = list(made)
        for one in rows:
            check(one)
        if rows:
            with self._database.writing() as connection:
                connection.execute(adjustments.insert(), [vars(one) for one in rows])

    def add_if(self, made: Adjustment, check_known: Callable[[list[Adjustment]], None]) -> None:
        """Add one if nothing that is there by then speaks against it: check_known raises what does.

        Who does so at the same time waits, whichever process they are in.

        Raises:
            UsageError: it could not be applied.
        """
        check(made)
        with self._database.writing() as connection:
            if connection.dialect.name == "postgresql":  # SQLite has locked already
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(22)"))
            check_known([*self._of_folder(), *_rows(connection)])
            connection.execute(adjustments.insert(), [vars(made)])

    def all(self) -> list[Adjustment]:
        """Every one, each place's as they were added."""
        with self._database.reading() as connection:
            return [*self._of_folder(), *_rows(connection)]

    def _of_folder(self) -> list[Adjustment]:
        if self._beside is None or (state := _state(self._beside)) == self._read:
            return self._held
        try:
            self._held, self.fault = read_adjustments(self._beside), half_a_line(self._beside)
        except AutograderError as error:
            self.fault = str(error)
        self._read = state
        return self._held


def _rows(connection: sa.Connection) -> list[Adjustment]:
    """Those of the database."""
    return [
        Adjustment(
            kind=Kind(row.kind),
            assignment=row.assignment,
            value=row.value or "",
            who=row.who,
            at=row.at,
            why=row.why,
            student=row.student or "",
            section=row.section or "",
            exercise=row.exercise,
            machine=row.machine,
        )
        for row in connection.execute(sa.select(adjustments).order_by(adjustments.c.id))
    ]


def _state(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size

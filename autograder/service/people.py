"""Who may sign in, as what: the roster's people, read again when the roster changes."""

from __future__ import annotations

import threading
import time
from enum import StrEnum
from pathlib import Path

import sqlalchemy as sa

from autograder.errors import AutograderError
from autograder.model import Person
from autograder.service.storage.database import Database
from autograder.service.storage.tables import people
from autograder.submissions.roster import Roster, read_roster

KNOWN_SECONDS = 1.0  # for which it is remembered whose links are revoked


class Role(StrEnum):
    """What somebody may do here."""

    STUDENT = "student"
    TA = "ta"
    INSTRUCTOR = "instructor"
    NOBODY = "nobody"  # of any other role: may sign in, and sees nothing


class People:
    """The people of the course. While a new roster has faults, the last good one holds."""

    def __init__(self, path: Path | None, database: Database) -> None:
        self._path = path
        self._database = database
        self._lock = threading.Lock()
        self._read: tuple[int, int] | None = None
        self._roster = Roster()
        self._by_handle: dict[str, Person] = {}
        self._epochs: dict[str, int] = {}
        self._epochs_read = -KNOWN_SECONDS
        self.fault = ""  # of the roster as it is now
        if path is not None:
            self._read = self._state()
            self._keep(read_roster(path))

    @property
    def roster(self) -> Roster:
        """Everybody, as the roster says now."""
        self._refresh()
        return self._roster

    def find(self, handle: str) -> Person | None:
        """One person."""
        self._refresh()
        return self._by_handle.get(handle)

    @property
    def outdated(self) -> bool:
        """Whether to look somebody up may have to read the roster or the database first."""
        return self._age() > KNOWN_SECONDS or self._state() != self._read

    def epoch(self, handle: str) -> int:
        """The number of times that somebody's links were revoked; news takes a second at most."""
        if self._age() > KNOWN_SECONDS:
            with self._lock:
                if self._age() > KNOWN_SECONDS:
                    self._read_epochs()
        return self._epochs.get(handle, 0)

    def revoke(self, handle: str) -> None:
        """Make all links, sessions and keys of a person void, in every service of the course."""
        with self._database.writing() as connection:
            mine = people.c.student == handle
            more = sa.update(people).where(mine).values(epoch=people.c.epoch + 1)
            if not connection.execute(more).rowcount:
                connection.execute(people.insert().values(student=handle, epoch=1))
        self._epochs_read = -KNOWN_SECONDS
        time.sleep(KNOWN_SECONDS)  # until all who remember the old state have looked again

    def _age(self) -> float:
        return time.monotonic() - self._epochs_read

    def _read_epochs(self) -> None:
        begun = time.monotonic()
        with self._database.reading() as connection:
            rows = connection.execute(sa.select(people.c.student, people.c.epoch))
            self._epochs = {row.student: int(row.epoch) for row in rows}
        self._epochs_read = begun

    def _refresh(self) -> None:
        if self._path is None or self._state() == self._read:
            return
        with self._lock:
            self._read = self._state()  # before it is read: what is written meanwhile is read next
            try:
                self._keep(read_roster(self._path))
            except AutograderError as error:
                self.fault = str(error)

    def _keep(self, roster: Roster) -> None:
        self._roster = roster
        self._by_handle = {person.student: person for person in roster.people}
        self.fault = ""

    def _state(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat() if self._path else None
        except OSError:
            return None
        return (found.st_mtime_ns, found.st_size) if found else None


def role_of(person: Person) -> Role:
    """The roster's word as a role."""
    try:
        return Role(person.role)
    except ValueError:
        return Role.NOBODY

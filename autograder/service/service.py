"""The service as one object: storage, workers, people; the web app and the commands use it."""

from __future__ import annotations

import datetime
import os
import secrets
import socket
import statistics
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from autograder.course.layout import Course
from autograder.course.policy import Counting
from autograder.course.source import read_release
from autograder.errors import AutograderError, InfrastructureError
from autograder.gradebook.attempts import Attempt as GradedAttempt
from autograder.gradebook.attempts import attempt_of
from autograder.gradebook.gradebook import Column
from autograder.gradebook.ledger import FILE
from autograder.gradebook.load import columns
from autograder.gradebook.seeds import attempt_seed
from autograder.model import Assignment, Report, Tier
from autograder.service.identity import Identity
from autograder.service.people import People
from autograder.service.storage.attempts import Attempts, now
from autograder.service.storage.database import open_database
from autograder.service.storage.files import Files
from autograder.service.storage.ledger import Ledger
from autograder.service.storage.regrades import Regrades
from autograder.service.storage.tasks import LEASE, Queue, Task
from autograder.service.work.dispatcher import Dispatcher
from autograder.service.work.intake import Intake

SECRET = "secret"  # a file in the data folder: who has it can sign in as anybody


@dataclass(frozen=True)
class Options:
    """How a service is run."""

    course: Course
    data: Path
    url: str  # how browsers reach it
    database: str | None = None  # PostgreSQL's URL; None: SQLite in the data folder
    require: Tier = Tier.ISOLATED
    cores: int = 1
    proxy: str | None = None  # the address of the reverse proxy, which may name clients
    user_header: str | None = None  # in which that proxy names who has signed in
    lease: float = LEASE

    @property
    def secure(self) -> bool:
        """Whether browsers come by https."""
        return self.url.startswith("https://")


class Service:
    """One process of the live service."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.course = options.course
        self.database = open_database(options.data, options.database)
        self.files = Files(options.data)
        self.attempts = Attempts(self.database, self.files, self._only_last_counts)
        self.ledger = Ledger(self.database, self.course.root / FILE)
        self.regrades = Regrades(self.database, self.attempts)
        self.queue = Queue(self.database, _holder(), options.lease)
        self.people = People(self.course.config.roster, self.database)
        self._secret = read_secret(options.data)
        self.identity = Identity(self._secret, self.people)
        self.pace = Pace(options.cores)
        self.draining = threading.Event()
        self.proven: dict[str, str] = {}  # by assignment: what is wrong with its graders, or ""
        self.listeners: list[Callable[[Task, Report], None]] = [self.pace.note]
        parts = (self.course, self.attempts, self.files, self.queue, self.seed, options.require)
        self.dispatcher = Dispatcher(*parts, options.cores, self._tell, options.lease)
        self.intake = Intake(self.attempts, self.dispatcher.wake)
        self.written_texts: dict[tuple[str, str, str], str] = {}  # by file, its name and exercise
        self.report = lru_cache(2_000)(self.attempts.report)
        self.graded = lru_cache(20_000)(self._graded)  # with points alone, they take little room
        self.assignment = lru_cache(100)(self._assignment)
        self._columns = lru_cache(1)(self._read_columns)

    def seed(self, assignment: str, number: int) -> int:
        """The seed of an assignment's attempts of one number; it is drawn from the secret."""
        return attempt_seed(self._secret.encode(), assignment, number)

    def start(self) -> None:
        """Begin to work on the queue, and prove in the background that each assignment grades."""
        self.dispatcher.start()
        threading.Thread(target=self._prove_all, name="self-test", daemon=True).start()

    def prove(self, assignment: str) -> None:
        """Grade an untouched notebook; whatever is wrong with graders or machine is raised."""
        self.dispatcher.warm.prove(self.dispatcher.plan(assignment))
        self.proven[assignment] = ""

    def stop(self, seconds: float) -> None:
        """Write what has come, finish or put back what is being graded, and close everything."""
        self.draining.set()
        self.intake.close()
        self.dispatcher.drain(seconds)
        self.database.close()

    @property
    def names(self) -> list[str]:
        """The assignments that have been released."""
        return [n for n in self.course.assignments() if self.course.release(n).is_file()]

    def has_opened(self, name: str) -> bool:
        """Whether students may see an assignment yet."""
        opens = self.course.config.policy(name).opens
        return opens is None or opens <= now()

    def check_rules(self) -> None:
        """Raise AuthorError where course.toml has a rule that nothing fits."""
        columns(self.course)

    @property
    def columns(self) -> list[Column]:
        """The assignments that have been released, with the rules of course.toml.

        Raises:
            AuthorError: a rule is about an assignment or exercise that the course does not have.
        """
        return self._columns(tuple(self.names))

    def _only_last_counts(self, name: str, received: datetime.datetime) -> bool:
        """Whether of all attempts that came until then no other than the last can count."""
        policy = self.course.config.policy(name)
        until = [policy.hard_deadline]
        if policy.counting is Counting.LAST_BEFORE_DUE:
            until.append(policy.due)
        in_time = all(end is None or received <= end for end in until)
        return policy.counting is not Counting.BEST and in_time

    def _read_columns(self, names: tuple[str, ...]) -> list[Column]:
        return [one for one in columns(self.course) if one.name in names]

    def _graded(self, digest: str) -> GradedAttempt:
        """What the gradebook takes from a report; the attempt's number and time are to be added."""
        return attempt_of(self.attempts.report(digest), 0, None, digest)

    def _assignment(self, name: str) -> Assignment:
        return read_release(self.course.release(name))

    def _prove_all(self) -> None:
        for name in self.names:
            while self.dispatcher.running and not self.draining.wait(0.5):
                pass  # who waits goes first
            if name in self.proven or self.draining.is_set():
                continue
            try:
                self.prove(name)
            except AutograderError as error:
                if not self.draining.is_set():
                    self.proven[name] = str(error)

    def _tell(self, task: Task, report: Report) -> None:
        for listener in list(self.listeners):
            listener(task, report)


@dataclass
class Pace:
    """How long submissions take here, from those that were graded last."""

    cores: int
    _seconds: list[float] = field(default_factory=list)
    _started: float = field(default_factory=time.monotonic)

    def note(self, task: Task, report: Report) -> None:
        """Remember how long one took."""
        self._seconds = [*self._seconds[-49:], report.seconds]

    def estimate(self, place: int) -> float:
        """In how many seconds the attempt at this place, counted from 1, has its result."""
        usual = statistics.median(self._seconds or [1.0])  # the slow ones run beside the others
        return usual * max(place / self.cores, 1.0)


def read_secret(data: Path) -> str:
    """The key that signs links and sessions; it is made once."""
    path = data / SECRET
    with suppress(FileExistsError):
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            if isinstance(error, FileExistsError):
                raise
            raise InfrastructureError(f"{path}: cannot be written ({error.strerror}).") from error
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())
    secret = path.read_text().strip()
    if len(secret) < 32:
        raise InfrastructureError(f"{path}: is damaged. Remove it; all links are then revoked.")
    return secret


def _holder() -> str:
    """A name that no other process has had."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"

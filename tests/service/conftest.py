"""What the tests of the service share: its storage on both databases, and the sample class."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from autograder.service.storage.attempts import Arrival, Attempts, now
from autograder.service.storage.database import Database, open_database
from autograder.service.storage.files import Files
from autograder.service.storage.regrades import Regrades
from autograder.service.storage.tables import metadata
from autograder.service.storage.tasks import Queue
from tests.service.running import Running
from tests.support import postgresql

ROOT = Path(__file__).parents[2]


@dataclass
class Store:
    """All storage of one service."""

    folder: Path
    database: Database
    files: Files
    attempts: Attempts

    def queue(self, holder: str = "one", lease: float = 15.0) -> Queue:
        """The queue as a process of this name sees it."""
        return Queue(self.database, holder, lease)

    def regrades(self) -> Regrades:
        """The re-grades."""
        return Regrades(self.database, self.attempts)

    def arrival(self, student: str, content: bytes, assignment: str = "a1_layers") -> Arrival:
        """A file that is on the disk."""
        digest = self.files.put(content)
        return Arrival(student, assignment, "a1_layers.ipynb", digest, "browser", now())

    def submit(self, student: str, content: bytes = b"{}", assignment: str = "a1_layers") -> int:
        """One attempt."""
        return self.attempts.receive([self.arrival(student, content, assignment)])[0]


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A real PostgreSQL server."""
    with postgresql.started() as server:
        yield server.url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def database_url(request) -> str | None:
    """Where the rows go: each test that asks for this runs on both."""
    return request.getfixturevalue("postgres") if request.param == "postgresql" else None


@pytest.fixture
def store(tmp_path, database_url) -> Iterator[Store]:
    """Empty storage."""
    database = open_database(tmp_path, database_url)
    files = Files(tmp_path)
    with database.writing() as connection:
        if database_url:
            tables = ", ".join(metadata.tables)
            connection.exec_driver_sql(f"TRUNCATE {tables} RESTART IDENTITY")
    yield Store(tmp_path, database, files, Attempts(database, files))
    database.close()
    shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.fixture(scope="session")
def samples() -> dict[str, bytes]:
    """The sample class: what each student submits."""
    found = sorted((ROOT / "samples").glob("*/a1_layers/*.ipynb"))
    return {path.parent.parent.name: path.read_bytes() for path in found}


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)]
)
def service(request, tmp_path_factory) -> Iterator[Running]:
    """A running service, for one module, on each database."""
    url = request.getfixturevalue("postgres_of_module") if request.param == "postgresql" else None
    running = Running(tmp_path_factory.mktemp("service"), url)
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def postgres_of_module() -> Iterator[str]:
    """A real PostgreSQL server of one module, whose service keeps its rows there."""
    with postgresql.started() as server:
        yield server.url


@pytest.fixture(scope="module")
def links(service) -> dict[str, str]:
    """Everybody's sign-in link."""
    return service.links()


@pytest.fixture(scope="module")
def clients(service, links) -> dict[str, httpx.Client]:
    """A browser of each person, and one of nobody."""
    signed_in = {who: service.signed_in(link) for who, link in links.items()}
    return {**signed_in, "nobody": service.anybody()}

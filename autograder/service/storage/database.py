"""One SQL database: SQLite in WAL mode by default, PostgreSQL by URL; brought up to date at start.

A transaction that has ended is on the disk: SQLite runs with synchronous=FULL.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from autograder.errors import InfrastructureError, UsageError

FILE = "service.db"
SECONDS = 30.0  # that a writer waits for another one
_MIGRATIONS = Path(__file__).parent / "migrations"
_NETWORK = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre")
_NETWORK_FUSE = ("fuse.sshfs", "fuse.glusterfs", "fuse.s3fs", "fuse.rclone", "fuse.ceph")


class Database:
    """Connections to the service's database, each for one transaction."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that changes nothing; writers need not wait for it."""
        with self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction that is on the disk once it has ended, or has changed nothing."""
        with self._engine.connect() as connection:
            connection = connection.execution_options(writes=True)
            with connection.begin():
                yield connection

    @property
    def file(self) -> Path | None:
        """SQLite's file; None where a server keeps the data."""
        name = self._engine.url.database
        return Path(name) if self._engine.dialect.name == "sqlite" and name else None

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def open_database(folder: Path, url: str | None = None) -> Database:
    """Open the database and bring its tables up to date.

    Raises:
        UsageError: the URL is none, or the folder lies on a network file system.
        InfrastructureError: the database cannot be reached.
    """
    engine = _postgresql(url) if url else _sqlite(folder)
    try:
        _migrate(engine)
    except sa.exc.OperationalError as error:
        engine.dispose()
        raise InfrastructureError(
            f"{engine.url.render_as_string(hide_password=True)}: the database cannot be opened "
            f"({_first_line(error)}). Start it, or correct --database."
        ) from error
    return Database(engine)


def _first_line(error: sa.exc.DBAPIError) -> str:
    return str(error.orig).strip().partition("\n")[0]


def _postgresql(url: str) -> sa.Engine:
    scheme, _, rest = url.partition("://")
    if scheme.partition("+")[0] not in ("postgresql", "postgres") or not rest:
        raise UsageError(
            "--database: the URL of a PostgreSQL database is expected, such as "
            "postgresql://user:password@host/name. Leave it out for SQLite in the data folder."
        )
    return sa.create_engine(f"postgresql+psycopg://{rest}", pool_size=10, pool_pre_ping=True)


def _sqlite(folder: Path) -> sa.Engine:
    if kind := network_file_system(folder):
        raise UsageError(
            f"{folder}: lies on a network file system ({kind}), where SQLite can lose data. "
            "Choose a folder on a local disk with --data, or a PostgreSQL server with --database."
        )
    folder.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(folder / FILE)),
        connect_args={"timeout": SECONDS},
        pool_size=10,
    )
    sa.event.listen(engine, "connect", _prepare)
    sa.event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _: object) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself: see _begin
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: sa.Connection) -> None:
    """Who will write says so at once, else two that have read could not both go on."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _migrate(engine: sa.Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    with engine.connect() as connection:
        connection = connection.execution_options(writes=True)
        with connection.begin():
            if engine.dialect.name == "postgresql":  # one at a time; SQLite has locked already
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(20)"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def network_file_system(folder: Path, mounts: Path = Path("/proc/self/mountinfo")) -> str:
    """The kind of network file system that a folder lies on; empty for a local disk."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # not Linux
        return ""
    found = [(_unescaped(line.split(" ")[4]), line.split(" - ")[1].split(" ")[0]) for line in lines]
    real = os.path.realpath(folder)
    under = [(place, kind) for place, kind in found if _is_under(real, place)]
    kind = max(under, key=lambda one: len(one[0]), default=("", ""))[1]
    return kind if kind in (*_NETWORK, *_NETWORK_FUSE) else ""


def _unescaped(place: str) -> str:
    return place.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")


def _is_under(path: str, place: str) -> bool:
    return path == place or path.startswith(place.rstrip("/") + "/")

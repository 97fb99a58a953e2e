"""A real PostgreSQL server on a folder of its own, run by an unprivileged user."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

INSTALLED = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


class Server:
    """One server, which can be stopped as by a power cut and started again."""

    def __init__(self, data: Path, port: int) -> None:
        self.url = f"postgresql+psycopg://course@127.0.0.1:{port}/postgres"
        self._data = data
        self._user = {"user": pwd.getpwnam("nobody").pw_uid} if os.getuid() == 0 else {}
        self._options = f"-p {port} -h 127.0.0.1 -k {data}"

    def make(self) -> None:
        """Make its folder."""
        self._data.mkdir()
        if self._user:
            os.chown(self._data, self._user["user"], -1)
        self._run("initdb", "-D", self._data, "-U", "course", "--auth=trust", "--no-sync")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._control("-o", self._options, "start")

    def stop(self) -> None:
        """End it at once; the next start recovers what was on the disk."""
        self._control("-m", "immediate", "stop")

    def kill(self) -> None:
        """End all its processes with SIGKILL, as when memory runs out."""
        first = int((self._data / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        for process in (first, *map(int, children)):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        while Path(f"/proc/{first}").exists():
            time.sleep(0.01)
        (self._data / "postmaster.pid").unlink(missing_ok=True)

    def _control(self, *words: str) -> None:
        self._run("pg_ctl", "-D", self._data, "-l", self._data / "log", "-w", *words)

    def _run(self, tool: str, *words: str | Path) -> None:
        command = [INSTALLED[-1].parent / tool, *words]
        subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL, **self._user)


@contextmanager
def started() -> Iterator[Server]:
    """Run a server; skip the test where PostgreSQL is not installed."""
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    if not INSTALLED:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    data = Path("/tmp") / f"autograder-postgres-{port}"
    server = Server(data, port)
    server.make()
    server.start()
    yield server
    server.stop()
    shutil.rmtree(data)

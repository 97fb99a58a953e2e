"""A small cluster for tests: a real scheduler and real workers, each a process of its own.

As root each worker lives in a network namespace of its own and reaches the scheduler over a bridge,
as on another machine; otherwise all of them meet on loopback.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from tests.support.cases import ROOT

DASK = [sys.executable, "-m", "dask"]
SPACES = "/run/netns"  # where ip keeps the names of network namespaces


def _ip(*words: str, check: bool = True) -> bool:
    done = subprocess.run(["ip", *words], capture_output=True, check=check, text=True)
    return done.returncode == 0


class Machines:
    """A scheduler and workers that can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._spaces: list[str] = []
        self._name = f"ag{secrets.token_hex(3)}"
        self._network = f"10.213.{secrets.randbelow(256)}"
        self._had_spaces = os.path.ismount(SPACES)
        self._apart = self._bridged()
        self.host = f"{self._network}.1" if self._apart else "127.0.0.1"
        self.address = f"tcp://{self.host}:{free_port(self.host)}"

    def _bridged(self) -> bool:
        """Make a bridge for namespaces; False where that may not be done."""
        if os.getuid() != 0 or shutil.which("ip") is None:
            return False
        if not _ip("link", "add", self._name, "type", "bridge", check=False):
            return False
        _ip("addr", "add", f"{self._network}.1/24", "dev", self._name)
        return _ip("link", "set", self._name, "up")

    def start_scheduler(self) -> None:
        """Start the scheduler, always at the same address."""
        port = self.address.rpartition(":")[2]
        self._start(
            "scheduler", [], "scheduler", "--host", self.host, "--port", port, "--no-dashboard"
        )

    def start_worker(self, name: str, *options: str, root: Path = ROOT, **variables: str) -> None:
        """Start a worker with one thread, in a network namespace of its own where that works."""
        words = ["worker", self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard"]
        words += ["--death-timeout", "90", *options]
        self._start(name, self._place(name), *words, root=root, **variables)

    def _start(
        self, name: str, prefix: list[str], *words: str, root: Path = ROOT, **variables: str
    ) -> None:
        environment = {**os.environ, "PYTHONPATH": str(root), **variables}
        with (self._folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                [*prefix, *DASK, *words], cwd=root, env=environment, stdout=log, stderr=log
            )

    def _place(self, name: str) -> list[str]:
        if not self._apart:
            return []
        space, number = f"{self._name}-{name}", len(self._spaces) + 2
        if space not in self._spaces:
            self._spaces.append(space)
            cable, host = f"{self._name}v{number}", f"{self._network}.{number}/24"
            _ip("netns", "add", space)
            _ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", space)
            _ip("link", "set", cable, "master", self._name, "up")
            _ip("-n", space, "addr", "add", host, "dev", "eth0")
            _ip("-n", space, "link", "set", "eth0", "up")
            _ip("-n", space, "link", "set", "lo", "up")
        return [shutil.which("ip") or "ip", "netns", "exec", space]

    def kill(self, name: str) -> None:
        """SIGKILL, without a goodbye."""
        self._running[name].send_signal(signal.SIGKILL)
        self._running.pop(name).wait()

    def stop(self, name: str) -> None:
        """SIGSTOP: its connections stay, and nothing answers on them."""
        self._running[name].send_signal(signal.SIGSTOP)

    def ended(self, name: str) -> bool:
        """Whether it has ended by itself."""
        return self._running[name].poll() is not None

    def log(self, name: str) -> str:
        """What it has said."""
        return (self._folder / f"{name}.log").read_text(errors="replace")

    def close(self) -> None:
        """Kill all that is left and remove the network."""
        for name in list(self._running):
            self.kill(name)
        if self._apart:
            for space in self._spaces:
                _ip("netns", "delete", space, check=False)
            _ip("link", "delete", self._name, check=False)
        if os.path.ismount(SPACES) and not self._had_spaces:  # the first namespace made it
            subprocess.run(["umount", SPACES], check=False)


def free_port(host: str) -> int:
    """Find a port that nobody listens on."""
    with socket.create_server((host, 0)) as server:
        return int(server.getsockname()[1])


def wait_until(condition, seconds: float = 120) -> None:  # type: ignore[no-untyped-def]
    """Wait for something to become true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        with suppress(InterruptedError):
            time.sleep(0.1)

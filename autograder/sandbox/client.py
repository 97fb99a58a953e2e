"""The trusted side of the wall: starts a zygote, opens a process per submission, asks it things.

Every request has a deadline. A process that is late, dies or breaks the rules of the wire is
killed from outside, and the reply says which of these it was.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from autograder.errors import InfrastructureError
from autograder.model import Status
from autograder.sandbox import walls
from autograder.sandbox.inside import protocol, zygote

START_SECONDS = 120.0  # importing torch on a busy machine
OPEN_SECONDS = 20.0
_MEMORY = 3 << 30
_CPU_SECONDS = 600


@dataclass(frozen=True)
class Reply:
    """What came back for one request: a frame, or the way in which none came."""

    frame: dict[str, Any] | None = None
    status: Status = Status.PASSED


class Sandbox:
    """One zygote behind the walls; use it as a context manager."""

    def __init__(self, setup: Sequence[str], *, bubblewrap: bool) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = walls.command(_settings(setup, theirs.fileno()), bubblewrap=bubblewrap)
        self._process = subprocess.Popen(
            command,
            pass_fds=[theirs.fileno()],
            env=walls.ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        theirs.close()

    def wait_until_ready(self) -> None:
        """Block until torch is imported inside, or say why the zygote did not start."""
        self._control.settimeout(START_SECONDS)
        try:
            ready = self._control.recv(16)
        except TimeoutError:
            ready = b""
        if ready != b"ready":
            self.close()
            raise InfrastructureError(f"The sandbox did not start: {self._complaint()}")

    def _complaint(self) -> str:
        said = self._process.stderr.read().decode(errors="replace") if self._process.stderr else ""
        return said.strip().splitlines()[-1] if said.strip() else "it said nothing"

    def open(self) -> SandboxProcess:
        """Fork a fresh process for student code."""
        ours, theirs = socket.socketpair()
        with theirs:
            pid = self._order(b"F", 0, theirs)
        return SandboxProcess(self, ours, pid)

    def kill(self, pid: int) -> int:
        """Kill a process that ``open`` made; return its wait status."""
        return self._order(b"K", pid)

    def _order(self, letter: bytes, pid: int, channel: socket.socket | None = None) -> int:
        message = zygote.ORDER.pack(letter, pid)
        try:
            handles = [channel.fileno()] if channel else []
            socket.send_fds(self._control, [message], handles)
            reply = self._control.recv(zygote.REPLY.size)
        except OSError as error:
            raise InfrastructureError("The sandbox does not answer any more.") from error
        if not reply:
            raise InfrastructureError("The sandbox ended unexpectedly.")
        return int(zygote.REPLY.unpack(reply)[0])

    def close(self) -> None:
        """End the zygote and everything behind the walls."""
        self._control.close()
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> Sandbox:
        self.wait_until_ready()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _settings(setup: Sequence[str], control: int) -> str:
    limits = {"memory": _MEMORY, "cpu_seconds": _CPU_SECONDS}
    return json.dumps(
        {
            "control": control,
            "setup": list(setup),
            "limits": limits,
            "readable": walls.readable(),
        }
    )


class SandboxProcess:
    """One forked process behind the walls, and the channel to it."""

    def __init__(self, sandbox: Sandbox, channel: socket.socket, pid: int) -> None:
        self._sandbox, self._channel, self._pid = sandbox, channel, pid
        self.alive = True
        hello = self._receive(time.monotonic() + OPEN_SECONDS)
        if hello.frame is None:
            raise InfrastructureError("A sandboxed process could not lock itself down.")
        self.layers: list[str] = hello.frame["layers"]

    def ask(self, frame: bytes, deadline: float) -> Reply:
        """Send one request and wait for its answer; a failure ends the process."""
        try:
            protocol.send(self._channel, frame, deadline)
        except protocol.ProtocolError as error:
            return self._end(error)
        return self._receive(deadline)

    def _receive(self, deadline: float) -> Reply:
        try:
            return Reply(protocol.receive(self._channel, deadline))
        except protocol.ProtocolError as error:
            return self._end(error)

    def _end(self, error: protocol.ProtocolError) -> Reply:
        status = self.close()
        if isinstance(error, protocol.DeadlinePassed):
            return Reply(status=Status.TIMED_OUT)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU:
            return Reply(status=Status.TIMED_OUT)
        return Reply(status=Status.CRASHED)

    def close(self) -> int:
        """Kill the process and everything it started; return its wait status."""
        if not self.alive:
            return 0
        self.alive = False
        self._channel.close()
        return self._sandbox.kill(self._pid)

"""The trusted side of the wall: opens a process per submission in a zygote, and asks it things.

Every request has a deadline. A process that is late, dies or breaks the rules of the wire is
killed from outside, and the reply says which of these it was.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from autograder.errors import InfrastructureError
from autograder.model import Status
from autograder.sandbox.exchange import Exchange
from autograder.sandbox.inside import protocol
from autograder.sandbox.launch import ZygoteProcess

OPEN_SECONDS = 20.0
_LOST = protocol.pack({"error": ["DeviceLost"]}, {})
_NO_GPU = (
    "--device cuda: the GPU cannot be used inside the sandbox ({said}). See that nvidia-smi shows "
    "it with free memory, or grade with --device cpu."
)


@dataclass(frozen=True)
class Reply:
    """What came back for one request: a raw frame, or the way in which none came."""

    raw: bytes | None = None
    status: Status = Status.PASSED
    seconds: float = 0.0  # waited for it


class Zygote:
    """The orders that a zygote obeys; use it as a context manager."""

    def __init__(self, process: ZygoteProcess) -> None:
        self._process = process
        self._control = process.control
        self._compiler_loaded = False

    def open(self) -> SandboxProcess:
        """Fork a fresh process for student code."""
        ours, theirs = socket.socketpair()
        with contextlib.ExitStack() as unless_it_opens, theirs:
            unless_it_opens.callback(ours.close)
            pid = self._order(b"F", 0, theirs)
            unless_it_opens.pop_all()
        return SandboxProcess(self, ours, pid)

    def prepare(self, texts: Sequence[str], cells: Sequence[str]) -> None:
        """Have the course's own code compiled and its cells parsed, before any process opens."""
        ours, theirs = socket.socketpair()
        with ours, theirs:
            self._tell(b"C", 0, theirs)
            protocol.send(ours, protocol.pack({}, {"texts": list(texts), "cells": list(cells)}))
            self._reply()

    def load_compiler(self) -> None:
        """Have torch's compiler loaded, once, for the processes that open from now on."""
        if not self._compiler_loaded:
            self._compiler_loaded = True
            self._order(b"L", 0)

    def kill(self, pid: int) -> int:
        """Kill a process that ``open`` made; return its wait status."""
        return self._order(b"K", pid)

    def _order(self, letter: bytes, pid: int, channel: socket.socket | None = None) -> int:
        self._tell(letter, pid, channel)
        return self._reply()

    def _tell(self, letter: bytes, pid: int, channel: socket.socket | None) -> None:
        handles = [channel.fileno()] if channel else []
        try:
            socket.send_fds(self._control, [protocol.ORDER.pack(letter, pid)], handles)
        except OSError as error:
            raise InfrastructureError("The sandbox does not answer any more.") from error

    def _reply(self) -> int:
        try:
            reply = self._control.recv(protocol.REPLY.size)
        except OSError as error:
            raise InfrastructureError("The sandbox does not answer any more.") from error
        if not reply:
            raise InfrastructureError(
                f"The sandbox ended unexpectedly: {self._process.complaint()}"
            )
        return int(protocol.REPLY.unpack(reply)[0])

    def __enter__(self) -> Zygote:
        self._process.wait_until_ready()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.close()


class SandboxProcess:
    """One forked process behind the walls, and the channel to it."""

    def __init__(self, zygote: Zygote, channel: socket.socket, pid: int) -> None:
        self._zygote = zygote
        self._pid = pid
        self._exchange = Exchange(channel)
        self.alive = True
        hello = self.next(time.monotonic() + OPEN_SECONDS)
        if hello.raw is None:
            raise InfrastructureError("A sandboxed process could not lock itself down.")
        about = protocol.unpack_frame(hello.raw)
        if "trouble" in about:
            self.close()
            raise InfrastructureError(_NO_GPU.format(said=about["trouble"].split("\n")[0]))
        self.layers: list[str] = about["layers"]
        self.gpu: str | None = about.get("gpu")

    def ask(self, frame: bytes, deadline: float) -> Reply:
        """Send one request and wait for its answer; a failure ends the process."""
        if not self._exchange.idle:
            return self._end(protocol.ProtocolError("an answer that nobody asked for"))
        self.put(frame)
        return self.next(deadline)

    def put(self, frame: bytes) -> None:
        """Queue a request."""
        self._exchange.put(frame)

    def next(self, deadline: float) -> Reply:
        """Wait for the next answer; a failure ends the process."""
        started = time.monotonic()
        try:
            raw = self._exchange.get(deadline)
            return Reply(raw, seconds=time.monotonic() - started)
        except protocol.ProtocolError as error:
            return replace(self._end(error), seconds=time.monotonic() - started)

    def _end(self, error: protocol.ProtocolError) -> Reply:
        status = self.close()
        if isinstance(error, protocol.DeadlinePassed):
            return Reply(status=Status.TIMED_OUT)
        if os.WIFEXITED(status) and os.WEXITSTATUS(status) == protocol.GPU_LOST:
            return Reply(_LOST)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU:
            return Reply(status=Status.TIMED_OUT)
        return Reply(status=Status.CRASHED)

    def close(self) -> int:
        """Kill the process and everything it started; return its wait status."""
        if not self.alive:
            return 0
        self.alive = False
        self._exchange.close()
        return self._zygote.kill(self._pid)

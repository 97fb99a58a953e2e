"""The trusted side of the wall: opens a process per submission in a zygote, and asks it things.

Every request has a deadline. A process that is late, dies or breaks the rules of the wire is
killed from outside, and the reply says which of these it was.
"""

from __future__ import annotations

import contextlib
import math
import os
import signal
import socket
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.errors import InfrastructureError
from autograder.model import Status
from autograder.sandbox.budget import UsedUp
from autograder.sandbox.exchange import Exchange
from autograder.sandbox.inside import protocol
from autograder.sandbox.launch import ZygoteProcess
from autograder.sandbox.limit import InLine, Limit

OPEN_SECONDS = 20.0
_CREDENTIALS = struct.Struct("3i")  # of who sent a message: process, user and group
_BESIDE = 1 << 16  # bytes: an answer that was too large comes back as an error, which is short
_SHORTEST_LOOK = 0.05  # seconds between two looks at how much processor time is used
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
    cpu: float = 0.0  # seconds of processor time that all threads of the process took meanwhile
    waited: float = 0.0  # of these seconds, those in which it was ready and no processor was free
    used_up: UsedUp | None = None  # of the submission's budget, where that is why none came


class Zygote:
    """The orders that a zygote obeys; use it as a context manager."""

    def __init__(self, process: ZygoteProcess) -> None:
        self._process = process
        self._control = process.control
        self._loaded = set[bytes]()

    def open(self) -> SandboxProcess:
        """Fork a fresh process for student code."""
        ours, theirs = socket.socketpair()
        with contextlib.ExitStack() as unless_it_opens, theirs:
            unless_it_opens.callback(ours.close)
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
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
        self._load(b"L")

    def load_notebook(self) -> None:
        """Have IPython's shell loaded, once, for the processes that open from now on."""
        self._load(b"N")

    def _load(self, letter: bytes) -> None:
        if letter not in self._loaded:
            self._loaded.add(letter)
            self._order(letter, 0)

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
            raise self._process.ended() from error

    def _reply(self) -> int:
        try:
            reply = self._control.recv(protocol.REPLY.size)
        except OSError as error:
            raise self._process.ended() from error
        if not reply:
            raise self._process.ended()
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
        self.number = _sender(channel)  # as the kernel knows the process out here
        self._clock = _cpu_clock(self.number)
        self._cpu = self._cpu_told = 0.0
        self._in_line = InLine(self.number)
        self._in_line_told = 0.0
        self.limit = Limit(self._in_line, 0.0)
        self._exchange = Exchange(channel)
        self.alive = True
        self.cpu_seconds = math.inf  # that it may use; whoever opens it may allow less
        hello = self.next(time.monotonic() + OPEN_SECONDS)
        if hello.raw is None:
            raise InfrastructureError("A sandboxed process could not lock itself down.")
        about = protocol.unpack_frame(hello.raw)
        if "trouble" in about:
            self.close()
            raise InfrastructureError(_NO_GPU.format(said=about["trouble"].split("\n")[0]))
        self._cpu_told = 0.0  # starting is told with the first answer
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

    def allow(self, size: int) -> None:
        """Take no answer of more bytes than this from now on, but for what tells of one."""
        self._exchange.largest = size + _BESIDE

    def next(self, deadline: float) -> Reply:
        """Wait for the next answer; a failure ends the process."""
        started = time.monotonic()
        try:
            reply = Reply(self._get(deadline))
        except protocol.ProtocolError as error:
            reply = self._end(error)
        seconds = time.monotonic() - started
        cpu, in_line = self._cpu_told, self._in_line_told
        self._cpu_told, self._in_line_told = self._cpu_so_far(), self._in_line.seconds
        cpu, in_line = self._cpu_told - cpu, self._in_line_told - in_line
        return Reply(reply.raw, reply.status, seconds, cpu, in_line)

    def _get(self, deadline: float) -> bytes:
        """The next answer; now and then a look at the processor time, which threads share out."""
        if deadline != self.limit.deadline:
            self.limit = Limit(self._in_line, deadline)
        while True:
            left = self.cpu_seconds - self._cpu
            pause = max(left / _CORES, _SHORTEST_LOOK)
            try:
                return self._exchange.get(min(self.limit.end, time.monotonic() + pause))
            except protocol.DeadlinePassed:
                if self.limit.has_passed() or self._cpu_so_far() >= self.cpu_seconds:
                    raise

    def _cpu_so_far(self) -> float:
        """Processor time of the process; of one that was killed, what it had until then."""
        if self.alive and self._clock is not None:
            try:
                self._cpu = time.clock_gettime(self._clock)
            except OSError:  # nobody is there any more
                self._clock = None
        return self._cpu

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
        self._cpu_so_far()
        self._in_line.close()
        self.alive = False
        self._exchange.close()
        return self._zygote.kill(self._pid)


_CORES = os.cpu_count() or 1


def _cpu_clock(number: int | None) -> int | None:
    """The clock that counts a process's processor time, whatever the process says of itself."""
    return None if number is None else ~number << 3 | _OF_ALL_THREADS


def _sender(channel: socket.socket) -> int | None:
    """Our number for the process at the other end, as the kernel notes who sends a message.

    The first message is the greeting, which comes before any student code runs; it is looked at
    and left where it is.
    """
    channel.settimeout(OPEN_SECONDS)
    space = socket.CMSG_SPACE(_CREDENTIALS.size)
    try:
        _, notes, _, _ = channel.recvmsg(1, space, socket.MSG_PEEK)
    except OSError:
        return None  # it sends none, which is found out next
    pids = [_CREDENTIALS.unpack(data)[0] for _, kind, data in notes if kind == _SENDER]
    return pids[0] if pids and pids[0] > 0 else None


_SENDER = socket.SCM_CREDENTIALS
_OF_ALL_THREADS = 2  # as clock_getcpuclockid(3) puts a clock's number together

"""One submission behind the wall: a transport for the ``student`` handle that survives deaths.

The first process of a submission parses its cells before any of its code runs, so what it says
about them can be trusted. When student code kills its process, the next request starts a new one.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from autograder.compare import Answer
from autograder.errors import InfrastructureError
from autograder.model import Status, Submission
from autograder.sandbox.client import OPEN_SECONDS, Reply, Sandbox, SandboxProcess
from autograder.sandbox.inside import protocol
from autograder.student import Stopped, to_answer

MAX_DEATHS = 20  # of one submission; what is left is not run


@dataclass(frozen=True)
class Inventory:
    """What the cells hold, found by parsing alone; lists run along the submission's cells."""

    problems: tuple[tuple[int, str] | None, ...]  # a syntax error's line and text
    notes: tuple[tuple[str, ...], ...]
    binds: tuple[tuple[str, ...], ...]
    flags: tuple[tuple[str, ...], ...]


class Session:
    """The transport into one submission's code."""

    def __init__(self, sandbox: Sandbox, submission: Submission, setup: Sequence[str]) -> None:
        self._sandbox = sandbox
        cells = [(cell.exercises, cell.source) for cell in submission.cells]
        self._prepare = protocol.pack({"do": "prepare"}, {"setup": list(setup), "cells": cells})
        self._process: SandboxProcess | None = None
        self.deaths = 0
        self.inventory = self._start()

    @property
    def layers(self) -> list[str]:
        """The layers of the inner wall that took hold."""
        return self._process.layers if self._process else []

    def ask(self, frame: bytes, deadline: float) -> Answer:
        """Carry a request to the student's code; raise Stopped when no answer comes."""
        if self._process is None or not self._process.alive:
            if self.deaths >= MAX_DEATHS:
                raise Stopped(Status.NOT_RUN)
            self._start()
        assert self._process is not None
        return self._answer(self._process.ask(frame, deadline))

    def _answer(self, reply: Reply) -> Answer:
        try:
            if reply.frame is not None:
                return to_answer(reply.frame)
        except protocol.ProtocolError:
            self.close()
            reply = Reply(status=Status.CRASHED)
        self.deaths += 1
        raise Stopped(reply.status)

    def _start(self) -> Inventory:
        self._process = self._sandbox.open()
        reply = self._process.ask(self._prepare, time.monotonic() + OPEN_SECONDS)
        if reply.frame is None or "error" in reply.frame:
            raise InfrastructureError("The sandbox could not take in the submission's cells.")
        return _inventory(reply.frame["values"])

    @property
    def disturbed(self) -> bool:
        """Whether one exercise may have spoilt the process for another: a death or a patch."""
        if self.deaths or self._process is None or not self._process.alive:
            return True
        frame = protocol.pack({"do": "poisoned"}, {})
        try:
            return self.ask(frame, time.monotonic() + OPEN_SECONDS).result is not False
        except Stopped:
            return True

    def close(self) -> None:
        """Kill the student's process."""
        if self._process is not None:
            self._process.close()


def _inventory(values: dict[str, Any]) -> Inventory:
    return Inventory(
        problems=tuple(values["problems"]),
        notes=tuple(map(tuple, values["notes"])),
        binds=tuple(map(tuple, values["binds"])),
        flags=tuple(map(tuple, values["flags"])),
    )

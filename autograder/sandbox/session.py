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
class Request:
    """A frame that a check will send, and which check of which exercise it belongs to."""

    frame: bytes
    check: str
    exercise: str
    seconds: float  # wall clock for all requests of the check together


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
        self.deaths = 0
        self._process, self.inventory = self._start()

    @property
    def layers(self) -> list[str]:
        """The layers of the inner wall that took hold."""
        return self._process.layers

    def fetch(self, requests: Sequence[Request]) -> dict[bytes, Reply]:
        """Ask everything that the checks are going to ask, in one flow.

        A request that ends the process ends its check; one that is out of time its exercise.
        """
        replies: dict[bytes, Reply] = {}
        left = list(requests)
        while left:
            if self.deaths >= MAX_DEATHS:
                return replies | {r.frame: Reply(status=Status.NOT_RUN) for r in left}
            self._revive()
            left = self._flow(left, replies)
        return replies

    def _flow(self, requests: Sequence[Request], replies: dict[bytes, Reply]) -> list[Request]:
        """Ask until the process ends; note replies, and return what is still to be asked."""
        for request in requests:
            self._process.put(request.frame)
        check, deadline = "", 0.0
        for place, request in enumerate(requests):
            if request.check != check:
                check, deadline = request.check, time.monotonic() + request.seconds
            reply = self._process.next(deadline)
            replies[request.frame] = reply
            if reply.raw is None:
                self.deaths += 1
                return _still_to_ask(requests[place + 1 :], request, reply, replies)
        return []

    def ask(self, frame: bytes, deadline: float) -> Answer:
        """Carry one request to the student's code; raise Stopped when no answer comes."""
        if self.deaths >= MAX_DEATHS:
            raise Stopped(Status.NOT_RUN)
        self._revive()
        return self._answer(self._process.ask(frame, deadline))

    def _answer(self, reply: Reply) -> Answer:
        try:
            return decoded(reply)
        except Stopped:
            self.close()
            self.deaths += 1
            raise

    def _revive(self) -> None:
        if not self._process.alive:
            self._process, _ = self._start()

    def _start(self) -> tuple[SandboxProcess, Inventory]:
        process = self._sandbox.open()
        reply = process.ask(self._prepare, time.monotonic() + OPEN_SECONDS)
        frame = protocol.unpack_frame(reply.raw) if reply.raw else {"error": []}
        if "error" in frame:
            process.close()
            raise InfrastructureError("The sandbox could not take in the submission's cells.")
        return process, _inventory(frame["values"])

    @property
    def disturbed(self) -> bool:
        """Whether one exercise may have spoilt the process for another: a death or a patch."""
        if self.deaths or not self._process.alive:
            return True
        frame = protocol.pack({"do": "poisoned"}, {})
        try:
            return self.ask(frame, time.monotonic() + OPEN_SECONDS).result is not False
        except Stopped:
            return True

    def close(self) -> None:
        """Kill the student's process."""
        self._process.close()


def decoded(reply: Reply) -> Answer:
    """The answer in a reply; raises Stopped where there is none, or none that keeps the rules."""
    if reply.raw is None:
        raise Stopped(reply.status)
    try:
        return to_answer(protocol.unpack_frame(reply.raw))
    except protocol.ProtocolError:
        raise Stopped(Status.CRASHED) from None


def _still_to_ask(
    rest: Sequence[Request], ended: Request, reply: Reply, replies: dict[bytes, Reply]
) -> list[Request]:
    left = []
    for request in rest:
        if request.check == ended.check:
            replies[request.frame] = reply
        elif reply.status is Status.TIMED_OUT and request.exercise == ended.exercise:
            replies[request.frame] = Reply(status=Status.NOT_RUN)
        else:
            left.append(request)
    return left


def _inventory(values: dict[str, Any]) -> Inventory:
    return Inventory(
        problems=tuple(values["problems"]),
        notes=tuple(map(tuple, values["notes"])),
        binds=tuple(map(tuple, values["binds"])),
        flags=tuple(map(tuple, values["flags"])),
    )

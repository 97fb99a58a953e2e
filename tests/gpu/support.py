"""Grading in this very process, on a pretended GPU or on the CPU, as a fork does it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from unittest import mock

import torch

from autograder.course import mistakes
from autograder.course.layout import Course, load
from autograder.course.mistakes import Entry
from autograder.course.source import read_release
from autograder.grading import checks
from autograder.grading.judging import Judge, Verdict
from autograder.model import Assignment, Device, Status
from autograder.sandbox.answers import Answer
from autograder.sandbox.client import Reply
from autograder.sandbox.inside import cuda, protocol
from autograder.sandbox.inside.process import Process
from autograder.sandbox.session import Request, decoded
from tests.conftest import ROOT
from tests.gpu.pretend import PretendedGpu

COURSE = Course(ROOT)
SEED = 7


@dataclass
class Inventory:
    """The one part of a session's that graders ask for."""

    names: dict[str, list[str]]


class Here:
    """Stands for a session: some code on the pretended GPU, or on the CPU."""

    def __init__(self, assignment: Assignment, cells: Sequence[str], device: Device) -> None:
        ids = [exercise.id for exercise in assignment.exercises]
        values = {"setup": list(assignment.setup), "cells": [(ids, text, False) for text in cells]}
        self._device = device
        self._process = cuda.OnGpu() if device is Device.CUDA else Process()
        self.inventory = Inventory(self._process.do_prepare({}, values)[1]["names"])
        self.answers: dict[bytes, Reply] = {}

    def fetch(self, requests: Sequence[Request]) -> dict[bytes, Reply]:
        """Answer all that the checks are going to ask."""
        return {request.frame: self._reply(request.frame) for request in requests}

    def ask(self, frame: bytes, deadline: float = 0.0) -> Answer:
        """Answer one request."""
        return decoded(self._reply(frame))

    def _reply(self, frame: bytes) -> Reply:
        if frame not in self.answers:
            request = protocol.unpack_frame(frame)
            with PretendedGpu() if self._device is Device.CUDA else nullcontext():
                self.answers[frame] = Reply(self._process.answer(request))
        return self.answers[frame]


class Reference(Here):
    """The reference's own session: what it answers is the course's word."""

    def ask(self, frame: bytes, deadline: float = 0.0) -> Answer:
        """Answer one request."""
        return replace(super().ask(frame, deadline), trusted=True)


class Bench:
    """The quick hidden checks of one assignment, with the reference on the same device."""

    def __init__(self, name: str, device: Device) -> None:
        self.assignment, self.device = read_release(COURSE.release(name)), device
        self.solution = COURSE.solution(name).read_text(encoding="utf-8")
        self.reference = Reference(self.assignment, [self.solution], device)
        items = checks.collect(COURSE.graders(name), self.assignment)
        self.judge = Judge(items, self.reference, SEED)
        exercises = [e.id for e in self.assignment.exercises]
        self.exercises = [e for e in exercises if e not in self.judge.slow]
        known = mistakes.entries(load(COURSE.mistakes(name)))
        self.entries = [entry for entry in known if entry.exercise in self.exercises]

    def lost(self, entry: Entry) -> list[Verdict]:
        """The checks that an entry of the bank does not pass."""
        others = self.solution.replace(f"def {entry.exercise}(", f"def _{entry.exercise}(")
        return self.failed(entry.exercise, [others, entry.source])

    def failed(self, exercise: str, cells: Sequence[str]) -> list[Verdict]:
        """The hidden checks of an exercise that some code does not pass."""
        student = Here(self.assignment, cells, self.device)
        judged = self.judge.verdicts(student, [exercise])  # type: ignore[arg-type]
        return [v for v in judged if v.item.hidden and v.check.status is not Status.PASSED]


@contextmanager
def on_bench(name: str, device: Device) -> Iterator[Bench]:
    """An assignment's graders on one device, without a real GPU."""
    with _no_cuda():
        yield Bench(name, device)


@contextmanager
def _no_cuda() -> Iterator[None]:
    """Take away what a torch without CUDA refuses to do."""
    with (
        mock.patch.object(torch.cuda, "_lazy_init"),
        mock.patch.object(cuda, "_wait"),
        mock.patch.object(cuda, "_seed"),
    ):
        yield


def about_the_device(entry: Entry) -> bool:
    """Whether a known mistake's tutor line is about the device."""
    said = (entry.tutor or "").lower()
    return any(word in said for word in ("device", "cpu", "gpu", "lives", "born"))

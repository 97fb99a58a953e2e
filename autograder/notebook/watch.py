"""Watches a notebook: runs its visible checks whenever it is saved, and shows how far one got.

Everything comes from the notebook itself, so it works without the course. The checks run in a
process of their own with the student's rights (the tier "practice"); the next one is started
ahead, with torch imported, so that an answer comes without delay.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from autograder.errors import InfrastructureError, SubmissionError, UsageError
from autograder.model import Assignment, Cell, Exercise, Status, Submission
from autograder.notebook import wording
from autograder.submissions import read as submission

if TYPE_CHECKING:
    from rich.console import Group
    from rich.text import Text

SECONDS = 20.0  # for one visible check
START_SECONDS = 120.0  # importing torch on a busy machine
POLL_SECONDS = 0.3
MESSAGE_LINES = 14
MOST_LINES = 10_000  # of a worker, of which student code may have written some
LONGEST_LINE = 1 << 20  # bytes
_HEADING = re.compile(r"^#{2,4} +(\S.*)$", re.MULTILINE)
_CHECKS = re.compile(r"""^with visible_checks\(["'](\w+)["']\)""", re.MULTILINE)
_SYMBOLS = {"passed": ("✓", "green"), "failed": ("✗", "bold red"), "open": ("·", "dim")}
PROMISE = "visible checks passed; hidden checks run when you submit."


@dataclass(frozen=True)
class Sheet:
    """What a notebook asks for and what its student wrote."""

    assignment: Assignment
    answers: Submission


@dataclass(frozen=True)
class Line:
    """One exercise: its state ("passed", "failed", "open") and what its check said."""

    exercise: Exercise
    state: str
    message: str
    doubtful: bool = False  # whether it may pass where the whole notebook is run


@dataclass(frozen=True)
class Progress:
    """All exercises of a notebook after one run of their visible checks."""

    title: str
    lines: tuple[Line, ...]

    @property
    def passed(self) -> int:
        """How many visible checks pass."""
        return sum(line.state == "passed" for line in self.lines)

    @property
    def next(self) -> Line | None:
        """The exercise to look at now: the first that fails, else the first that is open."""
        left = [line for line in self.lines if line.state != "passed"]
        return next((line for line in left if line.state == "failed"), left[0] if left else None)


# --- reading a notebook ------------------------------------------------------------------------


def read(path: Path) -> Sheet:
    """Read whatever file grade reads, with nothing but the file itself."""
    if not path.is_file():
        raise UsageError(f"{path}: there is no such file. Name the notebook that you work on.")
    content = path.read_bytes()
    cells = _cells(content, path.name)
    exercises = tuple(_exercises(cells))
    if not exercises:
        raise UsageError(
            f"{path}: no visible check is in this file. Watch the notebook that you were given, "
            "or a .py that jupytext made of it."
        )
    known = tuple(_handed_out(cells, exercises))
    assignment = Assignment(path.stem, _title(cells, path.stem), known, exercises)
    return Sheet(assignment, submission.parse(content, path.name, assignment, ""))


def _cells(content: bytes, name: str) -> list[Cell]:
    try:
        return submission.cells(content, name)
    except SubmissionError as error:
        raise SubmissionError(f"{name}: {error} Or is it still being saved?") from None


def _exercises(cells: list[Cell]) -> Iterator[Exercise]:
    """An exercise for each check cell; its answer is found later, in what the student wrote."""
    prose = {cell.grade_id: cell.source for cell in cells if cell.kind == "markdown"}
    for name, cell in _checks(cells).items():
        heading = _HEADING.search(prose.get(f"{name}-statement", ""))
        title = heading[1].rstrip() if heading else name
        yield Exercise(name, title, 0, False, False, Cell("code", ""), cell)


def _handed_out(cells: list[Cell], exercises: tuple[Exercise, ...]) -> Iterator[Cell]:
    """The cells that a student was given: they have an id, or are checks; the rest is their own."""
    checks = [exercise.check for exercise in exercises]
    return (cell for cell in cells if cell.kind != "code" or cell.grade_id or cell in checks)


def _checks(cells: list[Cell]) -> dict[str, Cell]:
    """The check cells by exercise: those with an id, else the first that says what it checks."""
    found: dict[str, Cell] = {}
    for cell in (cell for cell in cells if cell.kind == "code"):
        said = _CHECKS.search(cell.source)
        if cell.grade_id and cell.grade_id.endswith("-check"):
            found[cell.grade_id.removesuffix("-check")] = cell
        elif said:
            found.setdefault(said[1], cell)
    return found


def _title(cells: list[Cell], name: str) -> str:
    return next((t[1] for c in cells if (t := re.match(r"\s*# +(.+)", c.source))), name)


# --- running the visible checks ----------------------------------------------------------------


class Practice:
    """Runs visible checks; use it as a context manager."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._worker = _Worker(folder)

    def check(self, sheet: Sheet) -> Progress:
        """Run every visible check of a sheet, one after the other, as ``grade`` reads the answers.

        What fails is tried once more in the whole notebook, where that may make a difference.
        """
        lines = self._all(sheet, list(sheet.assignment.exercises), as_notebook=False)
        doubtful = [line.exercise for line in lines if line.doubtful]
        doubtful.sort(key=lambda exercise: sheet.answers.above.get(exercise.id, math.inf))
        again = self._all(sheet, doubtful, as_notebook=True)
        passed = {line.exercise.id: line for line in again if line.state == "passed"}
        best = (passed.get(line.exercise.id, line) for line in lines)
        return Progress(sheet.assignment.title, tuple(best))

    def _all(self, sheet: Sheet, exercises: list[Exercise], *, as_notebook: bool) -> list[Line]:
        lines = list[Line]()
        while len(lines) < len(exercises):
            lines += self._some(sheet, exercises[len(lines) :], as_notebook)
        return lines

    def _some(self, sheet: Sheet, exercises: list[Exercise], as_notebook: bool) -> list[Line]:
        """Check until all are done or one ends the worker, which is then replaced."""
        worker, self._worker = self._worker, _Worker(self._folder)
        try:
            worker.order(sheet, exercises, as_notebook)
            return list(_lines(worker, exercises))
        finally:
            worker.close()

    def __enter__(self) -> Practice:
        return self

    def __exit__(self, *_: object) -> None:
        self._worker.close()


def _lines(worker: _Worker, exercises: list[Exercise]) -> Iterator[Line]:
    for exercise in exercises:
        answer = worker.answer(exercise.id, SECONDS)
        if isinstance(answer, str):
            yield Line(exercise, "failed", f"✗ {exercise.id}: {answer}")
            return
        yield Line(exercise, answer.state, answer.message, answer.doubtful)


class _Answer(NamedTuple):
    """One line of a worker."""

    exercise: str
    state: str
    message: str
    doubtful: bool


class _Worker:
    """One started worker process, which imports torch while it waits for its order."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "autograder.notebook.practice"],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            process_group=0,  # to be ended with all that it starts
        )
        self._said: queue.Queue[_Answer | None] = queue.Queue()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        """Keep what is an answer; student code can write into the pipe whatever it likes."""
        assert self._process.stdout is not None
        read = self._process.stdout.readline
        for line in islice(iter(lambda: read(LONGEST_LINE), b""), MOST_LINES):
            if (answer := _answer(line)) is not None:
                self._said.put(answer)
        self._said.put(None)

    def order(self, sheet: Sheet, exercises: list[Exercise], as_notebook: bool) -> None:
        """Hand over the cells and wait until the worker is ready for them."""
        assert self._process.stdin is not None
        order = {
            "setup": sheet.assignment.setup,
            "above": dict(sheet.answers.above),
            "as_notebook": as_notebook,
            "cells": [(cell.exercises, cell.source, cell.given) for cell in sheet.answers.cells],
            "checks": [(exercise.id, exercise.check.source) for exercise in exercises],
        }
        with contextlib.suppress(OSError):  # a worker that died is found out by the next line
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()
        if isinstance(self.answer("", START_SECONDS), str):
            raise InfrastructureError("The process that runs the checks did not start.")

    def answer(self, exercise: str, seconds: float) -> _Answer | str:
        """The answer about an exercise, or a sentence that says why none came."""
        end = time.monotonic() + seconds
        try:
            while answer := self._said.get(timeout=max(end - time.monotonic(), 0)):
                if answer.exercise == exercise:
                    return answer
        except queue.Empty:
            return wording.stopped(Status.TIMED_OUT, seconds)
        return wording.stopped(Status.CRASHED, seconds)

    def close(self) -> None:
        """End the process and what it has started, whatever they are doing."""
        if os.name == "posix":
            with contextlib.suppress(OSError):  # it has ended
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        self._process.wait()
        self._listener.join(1)  # who has left the group may keep the pipe open
        pipes = (self._process.stdin, None if self._listener.is_alive() else self._process.stdout)
        for pipe in filter(None, pipes):
            with contextlib.suppress(OSError):  # of an order that nobody has taken
                pipe.close()


def _answer(line: bytes) -> _Answer | None:
    """A worker's line, unless it is anything else."""
    try:
        exercise, state, message, doubtful = json.loads(line)
    except (ValueError, TypeError, RecursionError):
        return None
    texts = all(isinstance(one, str) for one in (exercise, state, message))
    known = texts and (state in _SYMBOLS or not exercise)  # of no exercise: it is ready
    return _Answer(exercise, state, message, bool(doubtful)) if known else None


def saves(path: Path) -> Iterator[None]:
    """Yield now, then each time the file is saved."""
    seen = None
    while True:
        stamp = _stamp(path)
        if stamp is not None and stamp != seen:
            seen = stamp
            yield
        time.sleep(POLL_SECONDS)


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        state = path.stat()
    except FileNotFoundError:  # editors replace a file by another
        return None
    return state.st_mtime_ns, state.st_size


# --- rendering in the terminal -----------------------------------------------------------------


def picture(progress: Progress) -> Group:
    """The list of exercises, the message that matters now, a bar, and the next step."""
    from rich.console import Group
    from rich.text import Text

    total = len(progress.lines)
    parts = [Text(progress.title, "bold"), *map(_row, progress.lines), Text()]
    if progress.next and progress.next.message:
        parts += [Text(_shortened(progress.next.message)), Text()]
    done = round(40 * progress.passed / total)
    bar = Text.assemble(("━" * done, "green"), ("─" * (40 - done), "dim"))
    count = Text(f"{progress.passed} of {total} {PROMISE}")
    return Group(*parts, bar, count, Text(_next_step(progress), "bold"))


def _row(line: Line) -> Text:
    from rich.text import Text

    symbol, style = _SYMBOLS[line.state]
    return Text.assemble(
        "  ", (symbol, style), " ", line.exercise.title, ("  " + line.exercise.id, "dim")
    )


def _shortened(message: str) -> str:
    """The beginning of a message, without characters that could move the cursor."""
    lines = message.splitlines()
    shown = [*lines[:MESSAGE_LINES], "    ..."] if len(lines) > MESSAGE_LINES else lines
    clean = ("".join(c for c in line if c.isprintable()) for line in shown)
    return "\n".join(line[:400] for line in clean)


def _next_step(progress: Progress) -> str:
    if progress.next is None:
        return "Next: read every contract once more, then submit."
    does = "fix" if progress.next.state == "failed" else "write"
    return f"Next: {does} {progress.next.exercise.id}, then save. Hints are folded below it."

"""Workers in processes of their own, each a warm trusted session with one sandbox, over pipes.

A worker that dies is replaced and its submission tried once more; after that the submission counts
as not graded. To be killed from outside is no failed try: many kills are forgiven. What every
worker would stumble over, such as a broken grader, is raised instead.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from typing import IO

from autograder.errors import InfrastructureError, KilledError, UsageError
from autograder.model import Job, Report
from autograder.report.results import from_dict
from autograder.running import worker
from autograder.running.plan import Plan, Tries
from autograder.sandbox.bubblewrap import PACKAGE

# Nothing that a worker does ends it by one of these, and no student's process can send it any.
_SENT = (-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP)


class WorkerDied(InfrastructureError):
    """A worker ended before it answered; another one may do better."""


class Worker:
    """A warm grader in a process of its own, which starts with the first job."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._process: _Process | None = None
        self._closed = False
        self._busy = threading.Lock()

    def grade(self, job: Job) -> Report:
        """Grade one file and wait for its report; raise what would stop any other worker too."""
        with self._busy:
            tries = Tries()
            while tries.left:
                try:
                    return self._started().grade(job)
                except (WorkerDied, KilledError) as end:
                    tries.note(end)
                    self._drop()
        return tries.not_graded(self._plan, job)

    @property
    def pid(self) -> int | None:
        """The process, where it has started."""
        return None if self._process is None else self._process.pid

    def close(self) -> None:
        """End the process and its sandbox immediately, whatever it is doing."""
        self._closed = True
        while not self._busy.acquire(timeout=0.1):  # it may be about to start its process
            if (process := self._process) is not None:
                process.kill()
        self._drop()
        self._busy.release()

    def _started(self) -> _Process:
        if self._closed:
            raise InfrastructureError("The grading was stopped.")
        if self._process is None:
            self._process = _Process(self._plan)
        return self._process

    def _drop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.close()
        self._process = None

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Process:
    """One ``python -m autograder.running.worker`` and the pipes to it."""

    def __init__(self, plan: Plan) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  (see close)
        self._process = subprocess.Popen(
            _command(plan),
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            process_group=0,  # Ctrl-C is for the parent to answer
            text=True,
            encoding="utf-8",
        )
        self.pid = self._process.pid

    def grade(self, job: Job) -> Report:
        self._send(worker.line_of(job))
        line = _open(self._process.stdout).readline()
        if not line.endswith("\n"):
            raise self._ended()
        answer = json.loads(line)
        if "report" in answer:
            return from_dict(answer["report"])
        if answer["blame"] == worker.COURSE:
            raise UsageError(answer["error"])
        if answer["blame"] == worker.OUTSIDE:
            raise KilledError(answer["error"])
        raise (WorkerDied if answer["begun"] else InfrastructureError)(answer["error"])

    def _send(self, line: str) -> None:
        with suppress(BrokenPipeError):  # who died will be missed when the answer is read
            _open(self._process.stdin).write(line + "\n")
            _open(self._process.stdin).flush()

    def _ended(self) -> InfrastructureError:
        """Why there is no answer: killed from outside, or what it said last."""
        code = self._process.wait()
        if code in _SENT:
            return KilledError("Its process was killed.")
        self._said.seek(0)
        lines = self._said.read().decode(errors="replace").strip().splitlines()
        last = lines[-1] if lines and code > 0 else f"exit code {code}"
        return WorkerDied(f"Its process ended unexpectedly: {last}")

    def kill(self) -> None:
        """End it and what it started: its sandbox ends with it."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """Close the pipes to a process that has ended."""
        with suppress(BrokenPipeError):
            _open(self._process.stdin).close()
        _open(self._process.stdout).close()
        self._said.close()


def _open(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None  # both pipes were asked for
    return pipe


def _command(plan: Plan) -> list[str]:
    settings = plan.settings
    options = {"course": plan.course.root, "seed": settings.seed}
    options |= {"require": settings.require, "device": settings.device}
    words = [f"--{name}={value}" for name, value in options.items()]
    return [sys.executable, "-P", "-m", "autograder.running.worker", plan.assignment, *words]


def _environment() -> dict[str, str]:
    """Have this very package imported, and nothing that lies where the grading was started."""
    path = [str(PACKAGE.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path)}


class Pool:
    """Several workers for one plan; use it as a context manager."""

    def __init__(self, plan: Plan, size: int) -> None:
        self._size = size
        self._workers = [Worker(plan) for _ in range(size)]
        self._idle: queue.LifoQueue[Worker] = queue.LifoQueue()
        for one in self._workers:
            self._idle.put(one)
        self._threads = ThreadPoolExecutor(size)

    def grade(self, jobs: Iterable[Job]) -> Iterator[Report]:
        """Grade jobs, taking them as workers come free; reports come as they are done."""
        running: set[Future[Report]] = set()
        for job in jobs:
            running.add(self._threads.submit(self._grade, job))
            if len(running) >= 2 * self._size:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                yield from (one.result() for one in done)
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            yield from (one.result() for one in done)

    def _grade(self, job: Job) -> Report:
        one = self._idle.get()
        try:
            return one.grade(job)
        finally:
            self._idle.put(one)

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._workers:
            one.close()
        self._threads.shutdown(cancel_futures=True)

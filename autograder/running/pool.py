"""Workers in processes of their own, each a warm trusted session with one sandbox, over pipes.

A worker that dies is replaced and its submission tried once more; after that the submission counts
as not graded. What every worker would stumble over, such as a broken grader, is raised instead.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from typing import IO

from autograder.errors import InfrastructureError, UsageError
from autograder.model import Job, Report
from autograder.report.results import from_dict
from autograder.running import worker
from autograder.running.plan import TRIES, Plan, failed_twice
from autograder.sandbox.bubblewrap import PACKAGE


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
            for _ in range(TRIES):
                try:
                    return self._started().grade(job)
                except WorkerDied as death:
                    reason = str(death)
                    self._drop()
        return failed_twice(self._plan, job, reason)

    @property
    def pid(self) -> int | None:
        """The process, where it has started."""
        return None if self._process is None else self._process.pid

    def close(self) -> None:
        """End the process and its sandbox immediately, whatever it is doing."""
        self._closed = True
        if self._process is not None:
            self._process.kill()
        with self._busy:
            self._drop()

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
        self._send(json.dumps({"student": job.student, "path": str(job.path)}))
        line = _open(self._process.stdout).readline()
        if not line.endswith("\n"):
            raise WorkerDied(f"Its process ended unexpectedly: {self._last_words()}")
        answer = json.loads(line)
        if "report" in answer:
            return from_dict(answer["report"])
        if answer["blame"] == worker.COURSE:
            raise UsageError(answer["error"])
        raise (WorkerDied if answer["begun"] else InfrastructureError)(answer["error"])

    def _send(self, line: str) -> None:
        with suppress(BrokenPipeError):  # who died will be missed when the answer is read
            _open(self._process.stdin).write(line + "\n")
            _open(self._process.stdin).flush()

    def _last_words(self) -> str:
        code = self._process.wait()
        self._said.seek(0)
        lines = self._said.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines and code > 0 else f"exit code {code}"

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

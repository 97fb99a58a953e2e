"""Grades one assignment in a process of its own: a JSON object per line in, and one per line out.

    python -m autograder.running.worker ASSIGNMENT --course ROOT --seed N --device cpu

A line in names a submission: {"student": "ada", "path": "submitted/ada/week1/week1.ipynb"}; with
"seed": N in it, its inputs are drawn from that seed.
The line out that answers it, in the same order, is {"report": {...}}, the contents of its result
file (autograder.report.results.from_dict reads it). Torch, the sandbox and the graders are loaded
once; lines may be sent ahead. The worker ends when its standard input does, after the lines that it
was sent, and immediately when its parent has died.

When it cannot go on, it answers {"error": "a sentence", "blame": "course", "begun": true} instead
and ends: blame is "course" (its author's or the caller's fault; exit code 2), "machine" (exit code
3) or "outside" (its sandbox was killed; exit code 3), and "begun" is false when it could not begin
with any submission, so that another worker would fail in the same way. Nothing else comes out of
standard output, whatever a grader prints.

While no line comes, and nobody else wants the processor, it learns what known mistakes answer, so
that nobody will wait for that.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import IO, Any

from autograder.course.layout import Course
from autograder.errors import AutograderError, InfrastructureError, KilledError
from autograder.grading.start import start_grader
from autograder.model import Device, Job, Report, Settings, Tier
from autograder.sandbox.limit import InLine

COURSE = "course"
MACHINE = "machine"
OUTSIDE = "outside"
PAUSE = 0.2  # seconds without a line, after which time is free for something else
MOST_WAIT = 0.001  # seconds in line for a processor, by which one notices that others want it
BACK_OFF = 1.0  # seconds that they are then left alone
NICE = 10  # whoever waits for a page, or for a file to be received, comes first
_EXIT_CODES = {COURSE: 2, MACHINE: 3, OUTSIDE: 3}


def line_of(job: Job) -> str:
    """A job as a line in, without its end."""
    seed = {} if job.seed is None else {"seed": job.seed}
    return json.dumps({"student": job.student, "path": str(job.path), **seed})


class Leisure:
    """Notices whether others want the processor, who come before what nobody waits for."""

    def __init__(self) -> None:
        self._in_line = InLine(os.getpid())
        self._waited = self._in_line.seconds

    def pause(self) -> float:
        """Seconds to leave the processor to others: none while this process never has to wait."""
        before, self._waited = self._waited, self._in_line.seconds
        return BACK_OFF if self._waited - before > MOST_WAIT else 0.0

    def close(self) -> None:
        """Close what was opened to notice it."""
        self._in_line.close()


class Pipes:
    """The two pipes: jobs come in, reports and at most one error go out."""

    def __init__(self, jobs: int, answers: IO[str]) -> None:
        self._jobs = jobs
        self._unread = b""
        self._answers = answers
        self.begun = False

    def jobs(self, meanwhile: Callable[[], bool]) -> Iterator[Job]:
        """Read jobs until nobody sends any more.

        Args:
            meanwhile: is called while none comes: does a little, and says whether there is more.
        """
        while line := self._line(meanwhile):
            self.begun = True
            job = json.loads(line)
            yield Job(job["student"], Path(job["path"]), seed=job.get("seed"))

    def _line(self, meanwhile: Callable[[], bool]) -> bytes:
        """The next line; empty when there is none any more."""
        while b"\n" not in self._unread:
            if not self._comes_within(PAUSE):
                with closing(Leisure()) as leisure:
                    while meanwhile() and not self._comes_within(leisure.pause()):
                        pass
            if not (more := os.read(self._jobs, select.PIPE_BUF)):
                break
            self._unread += more
        line, _, self._unread = self._unread.partition(b"\n")
        return line

    def _comes_within(self, seconds: float) -> bool:
        return bool(select.select([self._jobs], [], [], seconds)[0])

    def report(self, report: Report) -> None:
        """Answer the job in hand."""
        from autograder.report.results import to_dict

        self._say({"report": to_dict(report)})

    def fail(self, error: AutograderError) -> int:
        """Say why there will be no more answers; return the exit code."""
        blame = _blame(error)
        self._say({"error": str(error), "blame": blame, "begun": self.begun})
        return _EXIT_CODES[blame]

    def _say(self, answer: dict[str, Any]) -> None:
        self._answers.write(json.dumps(answer, allow_nan=False) + "\n")
        self._answers.flush()


def _blame(error: AutograderError) -> str:
    if isinstance(error, KilledError):
        return OUTSIDE
    return MACHINE if isinstance(error, InfrastructureError) else COURSE


def own_pipes() -> Pipes:
    """Take standard input and output away from everything that is imported from here on."""
    line = Pipes(os.dup(0), os.fdopen(os.dup(1), "w", encoding="utf-8"))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return line


def end_with_parent() -> None:
    """Watch over the parent: when it dies, nobody wants the answers any more."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(_EXIT_CODES[MACHINE])

    threading.Thread(target=watch, daemon=True).start()


def main() -> int:
    """Serve until standard input ends; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m autograder.running.worker")
    parser.add_argument("assignment")
    parser.add_argument("--course", type=Path, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--require", type=Tier, default=Tier.ISOLATED)
    parser.add_argument("--device", type=Device, default=Device.CPU)
    options = parser.parse_args()
    line = own_pipes()
    os.nice(NICE)
    settings = Settings(options.seed, options.require, options.device)
    end_with_parent()
    try:
        course = Course.find(options.course.resolve())
        with start_grader(course, options.assignment, settings) as grader:
            for job in line.jobs(meanwhile=grader.rehearse):
                line.report(grader.grade(job))
    except AutograderError as error:
        return line.fail(error)
    return 0


if __name__ == "__main__":
    sys.exit(main())

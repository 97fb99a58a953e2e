"""The floor under grading: the same calls and checks in one warm process, without any wall.

Prints one JSON line: CPU seconds and wall seconds per submission, and peak MiB, for the floor and
for the same submissions through the wall. Start-up and the first submission are left out of both.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections import deque
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import torch

from autograder.course.layout import Course
from autograder.course.source import read_release
from autograder.grading.grader import Grader, Preparation
from autograder.model import Tier
from autograder.sandbox import tiers
from autograder.sandbox.client import Reply
from autograder.sandbox.inside import process, protocol, torch_patches
from autograder.submissions.read import read

ROOT = Path(__file__).parents[1]
NAME = "a1_layers"


class Unwalled:
    """Has the sandbox's interface, but runs student code in this very process."""

    def open(self) -> Unwalled.Process:
        """A fresh namespace is all that a submission gets."""
        return Unwalled.Process()

    def prepare(self, texts: list[str], cells: list[str]) -> None:
        """Compile the course's code once, as the zygote does."""
        process.prepare(texts, cells)

    def load_compiler(self) -> None:
        """Whoever needs it loads it in this very process."""

    def load_notebook(self) -> None:
        """As with the compiler."""

    class Process:
        """Answers requests at once."""

        def __init__(self) -> None:
            self.alive, self.layers = True, list[str]()
            self._inside, self._queue = process.Process(), deque[bytes]()

        def allow(self, size: int) -> None:
            """No answer is too large."""

        def put(self, frame: bytes) -> None:
            """Queue a request."""
            self._queue.append(frame)

        def next(self, deadline: float) -> Reply:
            """Answer the oldest request."""
            return self.ask(self._queue.popleft(), deadline)

        def ask(self, frame: bytes, deadline: float) -> Reply:
            """Answer a request."""
            return Reply(self._inside.answer(protocol.unpack_frame(frame)))

        def close(self) -> int:
            """Nothing to kill."""
            return 0


def cpu_inside() -> float:
    """CPU seconds so far of everything behind the wall, finished processes included."""
    behind = psutil.Process().children(recursive=True)
    return sum(sum(child.cpu_times()[:4]) for child in behind)


def cost(grader: Grader, paths: list[Path]) -> tuple[float, float, float]:
    """CPU and wall seconds per submission of this process alone, and its peak MiB."""
    handed_in = [read(path, grader.assignment, path.parent.name) for path in paths]
    grader.report(handed_in[0])
    cpu, wall = time.process_time(), time.perf_counter()
    for each in handed_in:
        grader.report(each)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return cpu / len(paths), wall / len(paths), peak


def main() -> None:
    """Measure both ways in one run."""
    torch.set_num_threads(1)
    torch_patches.spare_absent_devices()
    paths = [Path(path) for path in json.loads(Path(sys.argv[1]).read_text())]
    course = Course(ROOT)
    figures = dict[str, Any]()
    assignment = read_release(course.release(NAME))
    with tiers.start(assignment.setup, Tier.ISOLATED, course.config.sandbox) as sandbox:
        bare = replace(sandbox, zygote=Unwalled())  # type: ignore[arg-type]
        for name, wall in (("floor", bare), ("walled", sandbox)):
            grader = Grader(Preparation(course, assignment, 1), wall)
            before = cpu_inside()
            cpu, seconds, peak = cost(grader, paths)
            figures[name] = (cpu + (cpu_inside() - before) / len(paths), seconds, peak)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()

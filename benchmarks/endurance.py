"""Whether the live service stays as it is over ten thousand submissions: memory and descriptors.

Students submit again and again, a few at a time and as fast as the service answers. No two of them
have the same code, and each attempt has inputs of its own. Every 500 submissions the service's
processes are looked at. Speed is no question here: other work may run beside it.

Run: .venv/bin/python -m benchmarks.endurance --record    (about 30 minutes on two cores)
Try: .venv/bin/python -m benchmarks.endurance --submissions 60 --each 3 --look 20
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from autograder.model import Person
from autograder.submissions.roster import write_roster
from benchmarks.grading import write_class
from benchmarks.service import RECORDS, Times, browsers, mixed, sign_in, student
from tests.service.running import Running

_AT_ONCE = 6  # submissions in flight
_MIB = 1 << 20


@dataclass(frozen=True)
class Look:
    """The service's processes after so many submissions; memory in MiB, shared pages in parts."""

    submissions: int
    web_memory: float
    web_descriptors: int
    workers: int  # processes of workers and their sandboxes
    workers_memory: float
    workers_descriptors: int


def look(submissions: int, web: psutil.Process) -> Look:
    """What the web process and all that it has started hold now."""
    below = [one for one in web.children(recursive=True) if one.is_running()]
    return Look(submissions, *_held([web]), len(below), *_held(below))


def _held(processes: list[psutil.Process]) -> tuple[float, int]:
    memory, descriptors = 0, 0
    for process in processes:
        try:
            memory += process.memory_full_info().pss
            descriptors += process.num_fds()
        except (psutil.NoSuchProcess, psutil.AccessDenied):  # a student's process that has ended
            continue
    return round(memory / _MIB, 1), descriptors


async def submit_all(
    running: Running, work: Iterator[tuple[str, Path]], every: int, times: Times
) -> list[Look]:
    """Let all submit, a few at a time; look at the service again and again."""
    assert running.process is not None
    web, looks = psutil.Process(running.process.pid), []
    async with browsers(running.url) as client:

        async def one_after_another() -> None:
            for session, file in work:
                await student(client, session, file, times)
                done = len(times.shown) + times.refused
                if done % every == 0:
                    looks.append(look(done, web))
                    print(json.dumps(asdict(looks[-1])), flush=True)

        await asyncio.gather(*(one_after_another() for _ in range(_AT_ONCE)))
    return looks


def measure(folder: Path, options: argparse.Namespace) -> tuple[list[Look], Times]:
    """Start a service, and let everybody submit as often as asked."""
    running, times = Running(folder), Times()
    people = [Person(f"s{number}") for number in range(options.submissions // options.each)]
    write_roster(people, running.course / "roster.csv")
    files = mixed(write_class(len(people) + 4, folder / "class"))[: len(people)]
    running.start()
    sessions = sign_in(running, people)
    work = ((session, file) for _ in range(options.each)
            for session, file in zip(sessions, files, strict=True))  # fmt: skip
    try:
        return asyncio.run(submit_all(running, work, options.look, times)), times
    finally:
        running.stop()


def main() -> None:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--submissions", type=int, default=10_000)
    parser.add_argument("--each", type=int, default=5, help="attempts of each student")
    parser.add_argument("--look", type=int, default=500, help="submissions between two looks")
    parser.add_argument("--record", action="store_true", help="keep the figures")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        looks, times = measure(Path(folder), options)
    told = {"refused": times.refused, "without_score": times.without_score}
    print(json.dumps(told))
    if options.record:
        record = {**told, "looks": [asdict(one) for one in looks]}
        (RECORDS / "endurance.json").write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()

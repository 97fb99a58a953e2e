"""Grades many submissions in a row, a third of them hostile, and says what it holds on to.

    python -m tests.support.endurance TIER COUNT FILE...

Prints one JSON object: open handles, processes and memory after a warm-up and at the end.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
from pathlib import Path

from autograder.course.layout import Course
from autograder.grading.start import start_grader
from autograder.model import Job, Report, Settings, Tier
from tests.support.cases import ASSIGNMENT, ROOT
from tests.support.worker import SEED

WARM_UP = 15


def main(tier: str, count: str, *files: str) -> None:
    """Grade the files over and over."""
    names = itertools.islice(itertools.cycle(files), WARM_UP + int(count))
    jobs = (Job(f"s{number}", Path(name)) for number, name in enumerate(names))
    reports: list[Report] = []
    measured: list[dict[str, float]] = []

    with start_grader(Course(ROOT), ASSIGNMENT, Settings(SEED, Tier(tier))) as grader:
        for job in jobs:
            reports.append(grader.grade(job))
            if len(reports) in (WARM_UP, WARM_UP + int(count)):
                measured.append(holdings())
    print(json.dumps({"before": measured[0], "after": measured[1], "scores": _scores(reports)}))


def _scores(reports: list[Report]) -> dict[str, list[float]]:
    """All scores that one file was given."""
    found: dict[str, set[float]] = {}
    for report in reports:
        found.setdefault(report.file, set()).add(report.score)
    return {file: sorted(scores) for file, scores in found.items()}


def holdings() -> dict[str, float]:
    """Open handles, processes and megabytes, of this process and of all below it."""
    family = [os.getpid(), *below(os.getpid())]
    pages = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in family]
    return {
        "handles": len(os.listdir("/proc/self/fd")),
        "processes": len(family),
        "own memory": pages[0] * 4 / 1024,
        "all memory": sum(pages) * 4 / 1024,
    }


def below(pid: int) -> list[int]:
    """The processes that descend from one."""
    threads = os.listdir(f"/proc/{pid}/task")
    found = [Path(f"/proc/{pid}/task/{thread}/children").read_text().split() for thread in threads]
    children = [int(child) for words in found for child in words]
    return [one for child in children for one in (child, *below(child))]


if __name__ == "__main__":
    main(*sys.argv[1:])

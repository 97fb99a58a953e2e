"""Honest and hostile submissions side by side: what the hostile ones cost the others.

A class of right and wrong answers is graded alone, and again with cheats of tests/attacks strewn
among it. No honest score may change; the time of the whole should be at most twice that of the
honest ones alone, plus what the hostile ones may use by their budgets.

Run: .venv/bin/python -m benchmarks.hostile --honest 200 --hostile 50 --record
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from pathlib import Path
from typing import Any

from autograder.course.layout import Course
from benchmarks.grading import ROOT, Cost, adopt_orphans, measured, write_class
from tests.support import cases

NAME = "a1_layers"
RECORD = ROOT / "benchmarks" / "records" / "hostile.json"


def write_hostile(count: int, folder: Path) -> None:
    """Write so many hostile submissions, evenly from all kinds that there are."""
    every = cases.in_folder(ROOT / "tests" / "attacks")
    for number in range(count):
        case = every[number * len(every) // count % len(every)]
        own = folder / f"hostile-{number:03}"
        own.mkdir(parents=True)
        case.write(own)


def grade(label: str, submitted: Path, out: Path, count: int) -> Cost:
    """Grade a folder of students with the command line, and measure it."""
    words = ["grade", str(submitted), "--assignment", NAME, "--seed", "7", "--quiet"]
    command = [sys.executable, "-m", "autograder", *words, "--out", str(out)]
    return measured(label, count, command, ROOT)


def scores(out: Path) -> dict[str, float]:
    """The score of each student in a folder of results."""
    results = (json.loads(path.read_text()) for path in (out / NAME).glob("*.json"))
    return {result["student"]: result["score"] for result in results}


def measure(honest: int, hostile: int, work: Path) -> dict[str, Any]:
    """Grade both classes; return the seconds of each, what is allowed, and whose score changed."""
    write_class(honest, work / "class")
    alone = grade("honest alone", work / "class", work / "alone", honest)
    write_hostile(hostile, work / "class")
    both = grade("with hostile", work / "class", work / "both", honest)
    seconds = [round(cost.wall_seconds * honest, 1) for cost in (alone, both)]
    budgets = hostile * Course(ROOT).config.sandbox.budget.seconds / (os.cpu_count() or 1)
    before, after = scores(work / "alone"), scores(work / "both")
    return {
        "honest": honest,
        "hostile": hostile,
        "seconds of the honest alone": seconds[0],
        "seconds of all": seconds[1],
        "seconds that were allowed": round(2 * seconds[0] + budgets, 1),
        "honest scores that changed": [who for who in before if after.get(who) != before[who]],
        "submissions without a result": honest + hostile - len(after),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }


def main() -> None:
    """Measure, print and perhaps record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--honest", type=int, default=200)
    parser.add_argument("--hostile", type=int, default=50)
    parser.add_argument("--record", action="store_true", help="keep the figures")
    options = parser.parse_args()
    adopt_orphans()
    with tempfile.TemporaryDirectory() as place:
        text = json.dumps(measure(options.honest, options.hostile, Path(place)), indent=1)
    print(text)
    if options.record:
        RECORD.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""Honest and hostile submissions side by side: what the hostile ones cost the others.

A class of right and wrong answers is graded alone, and again with cheats of tests/attacks strewn
among it. No honest score may change; the time of the whole should be at most twice that of the
honest ones alone, plus what the hostile ones may use by their budgets.

Run: .venv/bin/python -m benchmarks.hostile --honest 200 --hostile 50
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import tempfile
from pathlib import Path

from benchmarks.grading import ROOT, Cost, adopt_orphans, measured, write_class
from tests.support import cases

NAME = "a1_layers"


def write_hostile(count: int, folder: Path) -> None:
    """Write so many hostile submissions, of as many kinds as there are."""
    every = itertools.cycle(cases.in_folder(ROOT / "tests" / "attacks"))
    for number, case in enumerate(itertools.islice(every, count)):
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


def main() -> None:
    """Grade both classes and print what the second one cost and changed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--honest", type=int, default=200)
    parser.add_argument("--hostile", type=int, default=50)
    options = parser.parse_args()
    adopt_orphans()
    with tempfile.TemporaryDirectory() as place:
        work = Path(place)
        write_class(options.honest, work / "class")
        alone = grade("honest alone", work / "class", work / "alone", options.honest)
        write_hostile(options.hostile, work / "class")
        both = grade("with hostile", work / "class", work / "both", options.honest)
        before, after = scores(work / "alone"), scores(work / "both")
        changed = [student for student, score in before.items() if after[student] != score]
    for cost in (alone, both):
        print(f"{cost.grader}: {cost.wall_seconds * options.honest:.0f} s")
    print(f"honest scores that changed: {changed or 'none'}")


if __name__ == "__main__":
    main()

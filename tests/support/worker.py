"""Grades a list of files in a process of its own: one warm sandbox, one result file for each.

    python -m tests.support.worker RESULTS TIER HURRIED FILE...

Who starts it decides the tier: without bubblewrap on the PATH, it is confined.
"""

from __future__ import annotations

import sys
from pathlib import Path

from autograder.course.layout import Course
from autograder.grading import checks
from autograder.grading.start import start_grader
from autograder.model import Job, Settings, Tier
from autograder.report import results
from tests.support.cases import ASSIGNMENT, ROOT

SEED = 20_260_722


def main(out: str, tier: str, hurried: str, *files: str) -> None:
    """Grade the files and write their results."""
    if hurried == "hurried":
        checks.SECONDS, checks.VISIBLE_SECONDS = 1.0, 1.0
    with start_grader(Course(ROOT), ASSIGNMENT, Settings(SEED, Tier(tier))) as grader:
        for path in map(Path, files):
            results.write(grader.grade(Job(path.stem, path)), Path(out))


if __name__ == "__main__":
    main(*sys.argv[1:])

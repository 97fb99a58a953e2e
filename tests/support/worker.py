"""Grades a list of files in a process of its own: one warm sandbox, one result file for each.

    python -m tests.support.worker RESULTS TIER HURRIED FILE...

Who starts it decides the tier: without bubblewrap on the PATH, it is confined.
"""

from __future__ import annotations

import sys
from pathlib import Path

from autograder.grading import judging, checks as plugin
from autograder.course.layout import Course
from autograder.grading.engine import grade_all
from autograder.model import Job, Report, Settings, Tier
from autograder.report import results
from tests.support.cases import ASSIGNMENT, ROOT

SEED = 20_260_722


def main(out: str, tier: str, hurried: str, *files: str) -> None:
    """Grade the files and write their results."""
    if hurried == "hurried":
        plugin.SECONDS, judging.VISIBLE_SECONDS = 1.0, 1.0
    jobs = [Job(path.stem, path) for path in map(Path, files)]

    def finished(report: Report) -> None:
        results.write(report, Path(out))

    grade_all(Course(ROOT), ASSIGNMENT, jobs, Settings(SEED, Tier(tier)), finished)


if __name__ == "__main__":
    main(*sys.argv[1:])

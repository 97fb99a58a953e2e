"""Grades one assignment's batch of files into a results folder, skipping what is unchanged."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from autograder.course import Course
from autograder.errors import AutograderError
from autograder.grading import Job, Settings, grade_all
from autograder.model import Outcome, Report, Tier
from autograder.report import results


@dataclass
class Batch:
    """What came of a batch: new reports, and how many files needed none."""

    reports: list[Report] = field(default_factory=list)
    skipped: int = 0


def grade_batch(
    course: Course,
    name: str,
    jobs: Sequence[Job],
    out: Path,
    seed: int,
    require: Tier,
    force: bool,
    progress: Callable[[int, int], None],
) -> Batch:
    """Grade the jobs that have no result for the same file and graders yet."""
    batch, digest = Batch(), course.graders_sha256(name)
    todo = [job for job in jobs if force or not _done(job, name, out, digest)]
    batch.skipped = len(jobs) - len(todo)
    progress(0, len(todo))

    def finished(report: Report) -> None:
        results.write(report, out)
        batch.reports.append(report)
        progress(len(batch.reports), len(todo))

    if todo:
        grade_all(course, name, todo, Settings(seed, require), finished)
    return batch


def _done(job: Job, name: str, out: Path, digest: str) -> bool:
    path = results.result_path(name, job.student, out)
    if not path.is_file():
        return False
    try:
        known = results.read(path)
    except AutograderError:
        return False  # a damaged result is made anew
    same = known.sha256 == hashlib.sha256(job.path.read_bytes()).hexdigest()
    return same and known.graders_sha256 == digest and known.status is not Outcome.NOT_GRADED

"""Grades a class again after its graders have changed: first shows who would gain or lose.

The new results wait beside the published ones, in ``.regrade/`` of the same folder, until they are
applied; a second call finds them there and grades nothing twice. What they replace is kept in
``.earlier/``. A submission that could not be graded this time keeps the result that it has.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from autograder.course.layout import Course
from autograder.errors import AutograderError, InfrastructureError
from autograder.model import Device, Job, Outcome, Report, Settings, Tier
from autograder.report import results
from autograder.report.summary import Change
from autograder.running.batch import Batch, is_done, known_results, lock_results
from autograder.running.plan import Plan


def make_plan(
    course: Course, name: str, out: Path, seed: int | None, require: Tier, device: Device
) -> Plan:
    """Draw the same inputs as the published results, so that only the graders differ."""
    if seed is None:
        published = (report.seed for report in known_results(name, out))
        seed = next(published, secrets.randbelow(2**31))
    return Plan(course, name, Settings(seed, require, device))


def waiting_batch(plan: Plan, jobs: Sequence[Job], out: Path) -> Batch:
    """The submissions whose result is older than the graders or the file; it publishes nothing."""
    digest = plan.graders_sha256
    stale = [job for job in jobs if not is_done(job, plan, out, digest)]
    for job in stale:
        if not is_done(job, plan, _waiting(out), digest):  # of graders that have changed again
            results.result_path(plan.assignment, job.student, _waiting(out)).unlink(missing_ok=True)
    return Batch(plan, stale, _waiting(out))


def changes(name: str, out: Path) -> Iterator[Change]:
    """What the waiting results would change, by student."""
    for now in known_results(name, _waiting(out)):
        path = results.result_path(name, now.student, out)
        yield Change(now.student, _published(path), now)


def apply(name: str, out: Path) -> int:
    """Publish the waiting results, each in one step; return how many."""
    count = 0
    with lock_results(out, name), lock_results(_waiting(out), name) as folder:
        for report in known_results(name, _waiting(out)):
            if report.status is not Outcome.NOT_GRADED:
                _publish(report, out)
                count += 1
    shutil.rmtree(folder, ignore_errors=True)
    return count


def other_scores(change: Change) -> list[str]:
    """The exercises that earned more or less than before, with both scores."""
    before, now = _scores(change.before), _scores(change.now)
    names = dict.fromkeys([*before, *now])
    pairs = ((name, before.get(name, 0.0), now.get(name, 0.0)) for name in names)
    return [f"{name} {old:g} → {new:g}" for name, old, new in pairs if old != new]


def _waiting(out: Path) -> Path:
    return out / ".regrade"


def _published(path: Path) -> Report | None:
    try:
        return results.read(path) if path.exists() else None
    except AutograderError:
        return None  # damaged: whatever comes now is new


def _publish(report: Report, out: Path) -> None:
    source = results.result_path(report.assignment, report.student, _waiting(out))
    target = results.result_path(report.assignment, report.student, out)
    results.keep_earlier(report, out)
    try:
        os.replace(source, target)
    except OSError as error:
        what = f"{target}: cannot be written ({error.strerror})"
        raise InfrastructureError(f"{what}. Fix that and run regrade --apply again.") from error


def _scores(report: Report | None) -> dict[str, float]:
    return {} if report is None else {part.id: part.score for part in report.exercises}

"""Grades a class again after its graders have changed: first shows who would gain or lose.

The new results wait beside the published ones, in ``.regrade/`` of the same folder, until they are
applied; a second call finds them there and grades nothing twice. Those of other people, or of other
files and graders than a call names, go on waiting. What is replaced is kept in ``.earlier/``. A
submission that could not be graded this time keeps the result that it has.
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
from autograder.running.batch import Batch, is_done, is_replaced, known_results, lock_results
from autograder.running.plan import Plan, digest_of


def make_plan(
    course: Course, name: str, out: Path, seed: int | None, require: Tier, device: Device
) -> Plan:
    """Draw the same inputs as the published results, so that only the graders differ."""
    if seed is None:
        published = (report.seed for report in known_results(name, out))
        seed = next(published, secrets.randbelow(2**31))
    return Plan(course, name, Settings(seed, require, device))


def waiting_batch(plan: Plan, jobs: Sequence[Job], out: Path) -> Batch:
    """The submissions whose result is older than the graders or the file; it publishes nothing.

    A file whose result a newer file's has replaced is no news.
    """
    digest = plan.graders_sha256
    newest = (job for job in jobs if not is_replaced(job, plan, out))
    stale = [job for job in newest if not is_done(job, plan, out, digest)]
    for job in stale:
        if not is_done(job, plan, _waiting(out), digest):  # of graders that have changed again
            results.result_path(plan.assignment, job.student, _waiting(out)).unlink(missing_ok=True)
    return Batch(plan, stale, _waiting(out))


def changes(plan: Plan, jobs: Sequence[Job], out: Path) -> Iterator[Change]:
    """What the waiting results of these submissions would change, by student."""
    for now in _waiting_reports(plan, jobs, out):
        path = results.result_path(plan.assignment, now.student, out)
        yield Change(now.student, _published(path), now)


def apply(plan: Plan, jobs: Sequence[Job], out: Path) -> int:
    """Publish the waiting results of these submissions, each in one step; return how many."""
    count = 0
    with lock_results(out, plan.assignment), lock_results(_waiting(out), plan.assignment) as folder:
        for report in _waiting_reports(plan, jobs, out):
            if report.status is not Outcome.NOT_GRADED:
                _publish(report, out)
                count += 1
    if not any(folder.glob("*.json")):
        shutil.rmtree(folder, ignore_errors=True)
    return count


def _waiting_reports(plan: Plan, jobs: Sequence[Job], out: Path) -> Iterator[Report]:
    """The results that wait for these very files; others wait for another call."""
    files = {job.student: digest_of(job) for job in jobs if not is_replaced(job, plan, out)}
    for report in known_results(plan.assignment, _waiting(out)):
        same = report.seed == plan.settings.seed and report.graders_sha256 == plan.graders_sha256
        if same and files.get(report.student) == report.sha256:
            yield report


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

"""The gradebook of a course folder: its assignments, the results of batches, its adjustments."""

from __future__ import annotations

import datetime
import difflib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.course.layout import Course
from autograder.course.moments import read_moment
from autograder.course.policy import Policy
from autograder.course.source import read_release
from autograder.errors import AuthorError
from autograder.gradebook.attempts import Attempt, ExercisePoints, as_received, attempt_of, since
from autograder.gradebook.compute import compute
from autograder.gradebook.gradebook import Column, Gradebook
from autograder.gradebook.ledger import FILE, read_adjustments
from autograder.model import Assignment, Outcome, Report
from autograder.report.results import EARLIER, read, read_all, result_path
from autograder.report.sanitize import one_line
from autograder.submissions.roster import Roster

_NO_TIME = "It was submitted at {at}, which is no time: it is taken as in time."
_NO_ZONE = (
    "It was submitted at {at}, in a time zone that nobody names: it is taken as in time. Write "
    'timezone = "Europe/Berlin", or your own, in course.toml.'
)


def load(
    course: Course,
    results: Path,
    roster: Roster | None,
    now: datetime.datetime,
    *,
    later: bool = True,
) -> Gradebook:
    """The gradebook of a course's result files, at one moment.

    Without what came later it is as it was at that moment, but for the machine's points, which are
    those of the newest grading. What came at a time that nobody knows is not later.
    """
    ruled = columns(course)
    adjustments = read_adjustments(course.root / FILE)
    attempts = read_attempts(results, course.config.zone)
    if not later:
        adjustments = [one for one in adjustments if since(one.at) <= since(now)]
        attempts = [one for one in attempts if since(one.received) <= since(now)]
    return compute(roster, attempts, ruled, adjustments, now)


def has_rules(course: Course) -> bool:
    """Whether the course says anything by which points are not just what the machine gave."""
    return bool(course.config.policies) or (course.root / FILE).exists()


# --- columns -------------------------------------------------------------------------------------


def columns(course: Course) -> list[Column]:
    """A column for each assignment of the course that is built, with the rules of course.toml.

    Raises:
        AuthorError: a rule is about an assignment or exercise that the course does not have.
    """
    names = course.assignments()
    for name, policy in course.config.policies.items():
        if name not in names:
            what = f"there is no assignment called {name[:40]}"
            raise AuthorError(policy.where, what, _did_you_mean(name, names))
    return [_column(course, name) for name in names]


def _column(course: Course, name: str) -> Column:
    policy = course.config.policy(name)
    release = course.release(name)
    if not release.is_file():
        return Column(policy, title=name)
    assignment = read_release(release)
    _check_exercises(policy, assignment)
    exercises = (
        *(ExercisePoints(e.id, e.points, 0, e.title) for e in assignment.exercises),
        *(ExercisePoints(w.id, w.points, 0, w.title, by_hand=True) for w in assignment.written),
    )
    return Column(policy, exercises, assignment.title)


def _check_exercises(policy: Policy, assignment: Assignment) -> None:
    points = {exercise.id: exercise.points for exercise in assignment.exercises}
    points |= {answer.id: answer.points for answer in assignment.written}
    for name in (*policy.points, *sorted(policy.extra_exercises)):
        if name not in points:
            what = f"{assignment.name} has no exercise called {name[:40]}"
            raise AuthorError(policy.where, what, _did_you_mean(name, list(points)))
    for name, now in policy.points.items():
        if now and not points[name]:
            what = f"{name} carries no points, so none of them can be counted as {now:g}"
            raise AuthorError(policy.where, what, "Give it points in the source.")


def _did_you_mean(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, 1)
    return f"Did you mean {close[0]}?" if close else f"Take one of {', '.join(known)}."


def own_texts(course: Course, assignment: str) -> list[str]:
    """What the course itself has for an assignment: answers, mistakes, what is released."""
    paths = (course.solution(assignment), course.mistakes(assignment))
    release = course.release(assignment)
    cells = read_release(release).cells if release.is_file() else ()
    return [
        *(path.read_text(encoding="utf-8") for path in paths if path.is_file()),
        *(cell.source for cell in cells if cell.kind == "code"),
    ]


# --- attempts ------------------------------------------------------------------------------------


def read_attempts(results: Path, zone: datetime.tzinfo | None) -> list[Attempt]:
    """Every attempt of a folder of results: those that count there, and those that came before.

    A file that is graded again, by other graders, stays the same attempt: the newest result holds.
    """
    if not results.name:  # the folder in which one stands, whose own name leads to what came before
        results = results.absolute()
    versions: defaultdict[tuple[str, str], list[_Version]] = defaultdict(list)
    for found in [*_earlier(results), *_newest(results)]:
        versions[found.report.student, found.report.assignment].append(found)
    return [attempt for own in versions.values() for attempt in _attempts(own, zone)]


@dataclass(frozen=True)
class _Version:
    """One result file."""

    report: Report
    path: Path

    @property
    def standing(self) -> tuple[bool, str]:
        """Of one file's results the newest holds; one that says nothing takes no other's place."""
        return self.report.status is not Outcome.NOT_GRADED, self.report.graded_at


def _newest(results: Path) -> Iterator[_Version]:
    for report in read_all(results):
        path = result_path(report.assignment, report.student, results)
        above = result_path(report.assignment, report.student, results.parent)
        yield _Version(report, path if path.is_file() else above)


def _earlier(results: Path) -> Iterator[_Version]:
    """What newer results have replaced; ``results`` may be the folder of one assignment."""
    places = (results / EARLIER, "*/*.json"), (results.parent / EARLIER / results.name, "*.json")
    for folder, pattern in places:
        yield from (_Version(read(path), path) for path in sorted(folder.glob(pattern)))


def _attempts(versions: Iterable[_Version], zone: datetime.tzinfo | None) -> Iterator[Attempt]:
    """One student's attempts at one assignment, numbered as they came."""
    files: defaultdict[tuple[str, str], list[_Version]] = defaultdict(list)
    for one in sorted(versions, key=lambda one: one.standing):
        files[one.report.sha256, one.report.handed_in.at].append(one)
    timed = {digest for digest, at in files if at}
    kept = [own for (digest, at), own in files.items() if at or digest not in timed]
    found = [(*received(own[-1].report.handed_in.at, zone), own) for own in kept]
    ordered = as_received(found, lambda one: one[0], lambda one: _first_graded(one[2]))
    for number, (at, remark, own) in enumerate(ordered, 1):
        yield attempt_of(own[-1].report, number, at, str(own[-1].path), remark)


def _first_graded(versions: Iterable[_Version]) -> str:
    """When a file was graded for the first time: to grade it again makes it no newer."""
    return min(one.report.graded_at for one in versions)


def received(at: str, zone: datetime.tzinfo | None) -> tuple[datetime.datetime | None, str]:
    """When a submission came, as its folder or LMS says; else a remark on why nobody knows."""
    moment = read_moment(at)
    if moment is None:
        return None, _NO_TIME.format(at=one_line(at, 40)) if at else ""
    if moment.tzinfo is None and zone is None:
        return None, _NO_ZONE.format(at=at)
    return moment if moment.tzinfo else moment.replace(tzinfo=zone), ""

"""One assignment's class in numbers: pure functions of its reports, with no thought of looks."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from autograder.model import ExerciseReport, Outcome, Report, Status
from autograder.report.people import Member, members
from autograder.submissions.roster import Roster

FEWEST = 10  # submissions below which a correlation says nothing
BINS = 10


@dataclass(frozen=True)
class ExerciseSummary:
    """How a class fared in one exercise."""

    id: str
    title: str
    points: float
    counts: Counter[Status]
    discrimination: float | None

    @property
    def total(self) -> int:
        """How many submissions were graded in it."""
        return self.counts.total()

    @property
    def pass_rate(self) -> float:
        """The share of these that passed."""
        return self.counts[Status.PASSED] / self.total


@dataclass(frozen=True)
class MistakeSummary:
    """A named mistake and how many made it."""

    exercise: str
    title: str
    id: str
    line: str
    students: int

    @property
    def name(self) -> str:
        """The mistake's id as words."""
        return self.id.replace("_", " ")


@dataclass(frozen=True)
class Change:
    """What became of one student since the last grading; None stands for no score."""

    student: str
    before: Report | None
    now: Report | None

    @property
    def delta(self) -> float | None:
        """The change in points, where there are two scores to compare."""
        before = score_of(self.before)
        now = score_of(self.now)
        return None if before is None or now is None else round(now - before, 2)

    @property
    def kind(self) -> str:
        """One word for the change: new, gone, higher, lower, same or other."""
        if self.before is None or self.now is None:
            return "new" if self.before is None else "gone"
        if self.delta:
            return "higher" if self.delta > 0 else "lower"
        return "same" if self.before.status is self.now.status else "other"


@dataclass(frozen=True)
class Summary:
    """Everything the class page says about one assignment."""

    assignment: str
    reports: tuple[Report, ...]
    changes: tuple[Change, ...]  # empty where there was no earlier grading
    roster: Roster | None = None

    @property
    def heading(self) -> str:
        """What people call the assignment."""
        return next((report.title for report in self.reports if report.title), self.assignment)

    @cached_property
    def graded(self) -> tuple[Report, ...]:
        """The reports whose score says something about the work."""
        return self.with_outcome(Outcome.GRADED)

    @cached_property
    def scored(self) -> tuple[tuple[Report, float], ...]:
        """The graded reports with the points that count; of who is excused, none do."""
        found = ((report, score_of(report)) for report in self.graded)
        return tuple((report, score) for report, score in found if score is not None)

    @cached_property
    def members(self) -> tuple[Member, ...]:
        """Everybody of the class, with what they submitted."""
        return members(self.reports, self.roster)

    @cached_property
    def missing(self) -> tuple[Member, ...]:
        """The students of the roster who submitted nothing."""
        return tuple(member for member in self.members if member.report is None)

    @cached_property
    def others(self) -> tuple[Member, ...]:
        """Those who submitted and are no students of the roster: strangers and staff."""
        return tuple(member for member in self.members if not member.is_student)

    @cached_property
    def exercises(self) -> tuple[ExerciseSummary, ...]:
        """Every exercise that a graded report holds, in course order."""
        ids = dict.fromkeys(part.id for report in self.graded for part in report.exercises)
        return tuple(_summarise_exercise(id, self.graded) for id in ids)

    @cached_property
    def mistakes(self) -> tuple[MistakeSummary, ...]:
        """The named mistakes, most frequent first."""
        return tuple(_mistakes(self.graded))

    @property
    def max_score(self) -> float:
        """The points to be had."""
        return max((report.max_score for report in self.reports), default=0.0)

    @property
    def mean(self) -> float:
        """The mean of the points that count."""
        return statistics.fmean(score for _, score in self.scored)

    @property
    def median(self) -> float:
        """The median of the points that count."""
        return statistics.median(score for _, score in self.scored)

    def with_outcome(self, outcome: Outcome) -> tuple[Report, ...]:
        """The reports with this outcome."""
        return tuple(report for report in self.reports if report.status is outcome)

    def histogram(self) -> list[int]:
        """How many of the points that count lie in each tenth of those to be had."""
        tenths = Counter(_tenth(score, report.max_score) for report, score in self.scored)
        return [tenths[place] for place in range(BINS)]


def summarise(
    reports: Iterable[Report], previous: Iterable[Report] = (), roster: Roster | None = None
) -> list[Summary]:
    """One summary for each assignment, in the order of their names."""
    earlier = _by_assignment(previous)
    return [
        Summary(name, tuple(group), tuple(_changes(group, earlier.get(name, []))), roster)
        for name, group in _by_assignment(reports).items()
    ]


def score_of(report: Report | None) -> float | None:
    """The points that count, or None where none may be read."""
    if report is None or (report.counted is None and report.status is Outcome.NOT_GRADED):
        return None
    return report.counted.points if report.counted else report.score


def discrimination(passed: Sequence[bool], rest: Sequence[float]) -> float | None:
    """Correlate passing one exercise with the points of all the others.

    This is the point-biserial correlation, corrected: the exercise is no part of the total. None
    where it means nothing: few submissions, or all alike.
    """
    if len(passed) < FEWEST or len(set(passed)) < 2 or len(set(rest)) < 2:
        return None
    return statistics.correlation([float(one) for one in passed], rest)


def _by_assignment(reports: Iterable[Report]) -> dict[str, list[Report]]:
    ordered = sorted(reports, key=lambda report: (report.assignment, report.student))
    return {name: list(group) for name, group in groupby(ordered, lambda report: report.assignment)}


def _summarise_exercise(id: str, reports: Sequence[Report]) -> ExerciseSummary:
    pairs = [(report, part) for report in reports for part in report.exercises if part.id == id]
    passed = [part.status is Status.PASSED for _, part in pairs]
    rest = [round(report.score - part.score, 2) for report, part in pairs]
    first = pairs[0][1]
    counts = Counter(part.status for _, part in pairs)
    return ExerciseSummary(id, first.title, first.points, counts, discrimination(passed, rest))


def _mistakes(reports: Sequence[Report]) -> Iterator[MistakeSummary]:
    made = [part for report in reports for part in report.exercises if part.mistake]
    examples = {_slip(part): part for part in made}
    for slip, students in Counter(_slip(part) for part in made).most_common():
        part = examples[slip]
        line = part.remarks[0] if part.remarks else ""
        yield MistakeSummary(part.id, part.title, slip[1], line, students)


def _slip(part: ExerciseReport) -> tuple[str, str]:
    return part.id, part.mistake or ""


def _changes(now: Sequence[Report], before: Sequence[Report]) -> Iterator[Change]:
    """Compare student by student; nothing to compare with means no changes."""
    if not before:
        return
    old = {report.student: report for report in before}
    new = {report.student: report for report in now}
    for student in sorted(old.keys() | new.keys()):
        yield Change(student, old.get(student), new.get(student))


def _tenth(score: float, possible: float) -> int:
    share = score / possible if possible else 0.0
    return min(max(int(share * BINS + 1e-9), 0), BINS - 1)

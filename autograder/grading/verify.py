"""The course grades itself: references, untouched releases, known mistakes and alternatives.

The first seed runs every exercise for every entry of the bank, slow ones of other exercises
excepted; further seeds run the entry's own exercise, where chance could change a verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from autograder.course import mistakes
from autograder.course.layout import Course, load
from autograder.course.mistakes import Entry
from autograder.course.source import read_release, read_source, without_marks
from autograder.grading.grader import Grader, Preparation
from autograder.model import (
    Assignment,
    Device,
    ExerciseReport,
    Report,
    Status,
    StudentCell,
    Submission,
    Tier,
)
from autograder.sandbox import gpu, tiers

CAUGHT_VISIBLY = "visible"
CAUGHT_HIDDEN = "hidden"
MISSED = "missed"


@dataclass
class Verdicts:
    """What came out of verifying one assignment."""

    assignment: str
    faults: list[str] = field(default_factory=list)
    caught: dict[tuple[str, str], str] = field(default_factory=dict)  # (exercise, mistake) -> how
    named: dict[tuple[str, str], bool] = field(default_factory=dict)
    alternatives: int = 0
    checks: int = 0

    def count(self, how: str) -> int:
        """How many mistakes were caught in that way."""
        return sum(1 for value in self.caught.values() if value == how)


def verify(
    course: Course,
    name: str,
    seeds: Sequence[int],
    require: Tier = Tier.ISOLATED,
    device: Device = Device.CPU,
    progress: Callable[[int, int], None] = lambda done, total: None,
    slow: bool = True,
) -> Verdicts:
    """Grade the bank of one assignment with every seed and collect each wrong verdict.

    Without ``slow``, the entries of exercises that train networks are left out.
    """
    verdicts = Verdicts(name)
    assignment = read_release(course.release(name))
    limits = course.config.sandbox
    secrets = course.secrets()
    with tiers.start(assignment.setup, require, limits, gpu.of(device), secrets) as sandbox:
        for number, seed in enumerate(seeds):
            with closing(Grader(Preparation(course, assignment, seed), sandbox)) as grader:
                verifier = _Verifier(course, grader, verdicts, slow)
                for done, total in verifier.run(everything=number == 0):
                    progress(number * total + done, len(seeds) * total)
    return verdicts


class _Verifier:
    """Verifies one assignment with the seed of one grader."""

    def __init__(self, course: Course, grader: Grader, verdicts: Verdicts, slow: bool) -> None:
        self.grader = grader
        self.verdicts = verdicts
        self.source = read_source(course.source(grader.assignment.name))
        entries = mistakes.entries(load(course.mistakes(grader.assignment.name)))
        self.entries = [entry for entry in entries if slow or entry.exercise not in grader.slow]

    def run(self, everything: bool) -> Iterator[tuple[int, int]]:
        """The reference, the untouched release and the bank; yields how far it is, of how far."""
        total = len(self.entries) + 2
        self.check_reference()
        yield 1, total
        self.check_release()
        yield 2, total
        for done, entry in enumerate(self.entries, 3):
            report = self.grader.report(
                _submission(self.source, entry), self._exercises_for(entry, everything)
            )
            self._judge(entry, report)
            yield done, total

    def check_reference(self) -> None:
        """The reference passes every check, visible and hidden."""
        report = self.grader.report(_submission(self.source, None))
        self.verdicts.checks = sum(len(e.checks) for e in report.exercises)
        if report.score != report.max_score:
            self._fault(f"the reference earns {report.score:g} of {report.max_score:g} points")
        for exercise in report.exercises:
            for check in exercise.checks:
                if check.status is not Status.PASSED:
                    self._fault(f"{exercise.id}: the reference fails {check.name}: {check.message}")

    def check_release(self) -> None:
        """The untouched release passes no check at all."""
        report = self.grader.report(_submission(self.grader.assignment, None))
        for exercise in report.exercises:
            for check in exercise.checks:
                if check.status is Status.PASSED:
                    self._fault(f"{exercise.id}: the untouched stub passes {check.name}")

    def _exercises_for(self, entry: Entry, everything: bool) -> list[str]:
        ids = [e.id for e in self.grader.assignment.exercises]
        others = [e for e in ids if everything and e not in self.grader.slow]
        return [e for e in ids if e == entry.exercise or e in others]

    def _judge(self, entry: Entry, report: Report) -> None:
        for exercise in report.exercises:
            if exercise.id == entry.exercise:
                self._judge_own(entry, exercise)
            elif exercise.status is not Status.PASSED:
                self._fault(f"{entry.exercise}: {entry.name} changes the verdict of {exercise.id}")

    def _judge_own(self, entry: Entry, exercise: ExerciseReport) -> None:
        if entry.tutor is None:
            self.verdicts.alternatives += 1
            self._judge_alternative(entry, exercise)
            return
        how = _how_caught(exercise)
        key = (entry.exercise, entry.name)
        self.verdicts.caught[key] = min(how, self.verdicts.caught.get(key, how), key=_strength)
        named = exercise.mistake == entry.name
        self.verdicts.named[key] = named and self.verdicts.named.get(key, True)
        if how != CAUGHT_HIDDEN and not _loses_points(exercise):
            self._fault(f"{entry.exercise}: the mistake {entry.name} loses nothing")

    def _judge_alternative(self, entry: Entry, exercise: ExerciseReport) -> None:
        for check in exercise.checks:
            if check.status is not Status.PASSED:
                self._fault(
                    f"{entry.exercise}: the alternative {entry.name} fails {check.name}: "
                    f"{check.message}"
                )
        if exercise.mistake is not None:
            self._fault(f"{entry.exercise}: {entry.name} is called the mistake {exercise.mistake}")

    def _fault(self, sentence: str) -> None:
        seeded = f"{sentence} (seed {self.grader.seed})"
        if sentence not in (fault.rsplit(" (seed", 1)[0] for fault in self.verdicts.faults):
            self.verdicts.faults.append(seeded)


def _strength(how: str) -> int:
    return [MISSED, CAUGHT_HIDDEN, CAUGHT_VISIBLY].index(how)


def _how_caught(exercise: ExerciseReport) -> str:
    failed = [check for check in exercise.checks if check.status is not Status.PASSED]
    if any(not check.hidden for check in failed):
        return CAUGHT_VISIBLY
    return CAUGHT_HIDDEN if failed else MISSED


def _loses_points(exercise: ExerciseReport) -> bool:
    """Whether a hidden check fails: for a bonus exercise, which has no points, as well."""
    return any(c.hidden and c.status is not Status.PASSED for c in exercise.checks)


def _submission(assignment: Assignment, entry: Entry | None) -> Submission:
    """The assignment's own answers, handed in; one of them replaced by an entry of the bank."""
    cells = []
    for exercise in assignment.exercises:
        replaced = entry is not None and entry.exercise == exercise.id
        text = entry.source if entry and replaced else without_marks(exercise.answer)
        cells.append(StudentCell((exercise.id,), text, f"answer to {exercise.id}"))
    return Submission(assignment.name, "verify", "verify.ipynb", "", tuple(cells))

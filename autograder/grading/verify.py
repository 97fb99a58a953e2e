"""The course grades itself: references, untouched releases, known mistakes and alternatives.

One submission carries entries of several exercises. With the first seed every other exercise
keeps its reference, which must pass, slow ones excepted; further seeds run what chance could
change. Where anything is wrong, each entry is graded once more in a submission of its own, and
that counts.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import zip_longest

from autograder.course import mistakes
from autograder.course.layout import Course, load
from autograder.course.mistakes import Entry
from autograder.course.source import read_release, read_source, without_marks
from autograder.grading import scoring
from autograder.grading.checks import CheckItem
from autograder.grading.grader import Grader, Preparation
from autograder.grading.readability import Readability, readability
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


@dataclass(frozen=True)
class Price:
    """What a mistake that breaks one fact costs, and what the student reads of it."""

    fact: str
    share: float  # of the exercise's points that is left
    sentence: str


@dataclass
class Verdicts:
    """What came out of verifying one assignment."""

    assignment: str
    faults: list[str] = field(default_factory=list)
    caught: dict[tuple[str, str], str] = field(default_factory=dict)  # (exercise, mistake) -> how
    named: dict[tuple[str, str], bool] = field(default_factory=dict)
    prices: dict[tuple[str, str], Price] = field(default_factory=dict)  # of single-fact mistakes
    shares: dict[tuple[str, str], list[float]] = field(default_factory=dict)  # seed by seed
    alternatives: int = 0
    checks: int = 0
    left_out: frozenset[str] = frozenset()  # exercises that train networks, if they were not run
    readability: Readability | None = None  # of the tutor lines

    @property
    def ticked(self) -> float:
        """The share of the known mistakes that pass the notebook's own check."""
        return 1 - self.count(CAUGHT_VISIBLY) / max(1, len(self.caught))

    def count(self, how: str) -> int:
        """How many mistakes were caught in that way."""
        return sum(1 for value in self.caught.values() if value == how)

    def add(self, other: Verdicts) -> None:
        """Take in what came out of further submissions."""
        self.faults += [f for f in other.faults if _unseeded(f) not in map(_unseeded, self.faults)]
        for key, how in other.caught.items():
            self.caught[key] = min(how, self.caught.get(key, how), key=_strength)
        for key, named in other.named.items():
            self.named[key] = named and self.named.get(key, True)
        for key, shares in other.shares.items():
            self.shares.setdefault(key, []).extend(shares)
        self.prices.update(other.prices)
        self.alternatives += other.alternatives


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
                verdicts.left_out = frozenset() if slow else grader.slow
                verifier = _Verifier(course, grader, verdicts, slow)
                for done, total in verifier.run(everything=number == 0):
                    progress(number * total + done, len(seeds) * total)
    _refuse_chance(verdicts, assignment)
    return verdicts


def _refuse_chance(verdicts: Verdicts, assignment: Assignment) -> None:
    """No score may differ from seed to seed by more than a point."""
    points = {exercise.id: exercise.points for exercise in assignment.exercises}
    for (exercise, name), shares in verdicts.shares.items():
        low, high = (points[exercise] * share for share in (min(shares), max(shares)))
        if high - low > 1:
            verdicts.faults.append(
                f"{exercise}: {name} earns {low:g} to {high:g} points, by chance (the seed)"
            )


class _Verifier:
    """Verifies one assignment with the seed of one grader."""

    def __init__(self, course: Course, grader: Grader, verdicts: Verdicts, slow: bool) -> None:
        self.grader = grader
        self.verdicts = verdicts
        self.source = read_source(course.source(grader.assignment.name))
        self._built_on = built_on(self.source, grader.items)
        entries = mistakes.entries(load(course.mistakes(grader.assignment.name)))
        verdicts.readability = readability(e.tutor for e in entries if e.tutor)
        self.entries = [entry for entry in entries if slow or entry.exercise not in grader.slow]

    def run(self, everything: bool) -> Iterator[tuple[int, int]]:
        """The reference, the untouched release and the bank; yields how far it is, of how far."""
        total = len(self.entries) + 2
        self.check_reference()
        yield 1, total
        self.check_release()
        yield 2, total
        done = 2
        for batch in batches(self.entries, self._built_on, everything):
            found = self._graded(batch, everything)
            if found.faults and len(batch) > 1:
                for entry in batch:
                    self.verdicts.add(self._graded([entry], everything))
            else:
                self.verdicts.add(found)
            done += len(batch)
            yield done, total

    def _graded(self, batch: Sequence[Entry], everything: bool) -> Verdicts:
        """What comes out of one submission with these entries in it."""
        kept, self.verdicts = self.verdicts, Verdicts(self.source.name)
        try:
            report = self.grader.report(
                _submission(self.source, batch), self._exercises_for(batch, everything)
            )
            self._judge({entry.exercise: entry for entry in batch}, report)
            return self.verdicts
        finally:
            self.verdicts = kept

    def check_reference(self) -> None:
        """The reference passes every check, visible and hidden."""
        report = self.grader.report(_submission(self.source))
        self.verdicts.checks = sum(len(e.checks) for e in report.exercises)
        if report.score != report.max_score:
            self._fault(f"the reference earns {report.score:g} of {report.max_score:g} points")
        for exercise in report.exercises:
            for check in exercise.checks:
                if check.status is not Status.PASSED:
                    self._fault(f"{exercise.id}: the reference fails {check.name}: {check.message}")

    def check_release(self) -> None:
        """The untouched release passes no check at all."""
        report = self.grader.report(_submission(self.grader.assignment))
        for exercise in report.exercises:
            for check in exercise.checks:
                if check.status is Status.PASSED:
                    self._fault(f"{exercise.id}: the untouched stub passes {check.name}")

    def _exercises_for(self, batch: Sequence[Entry], everything: bool) -> list[str]:
        ids = [e.id for e in self.grader.assignment.exercises]
        own = {entry.exercise for entry in batch}
        spoilt = set().union(*(self._built_on[exercise] for exercise in own))
        others = set(ids) - self.grader.slow - spoilt if everything else set()
        return [e for e in ids if e in own | others]

    def _judge(self, entries: Mapping[str, Entry], report: Report) -> None:
        names = " and ".join(f"{entry.exercise}: {entry.name}" for entry in entries.values())
        for exercise in report.exercises:
            if exercise.id in entries:
                self._judge_own(entries[exercise.id], exercise)
            elif exercise.status is not Status.PASSED:
                self._fault(f"{names} changes the verdict of {exercise.id}")

    def _judge_own(self, entry: Entry, exercise: ExerciseReport) -> None:
        share = scoring.share(exercise.checks)
        self.verdicts.shares[entry.exercise, entry.name] = [share]
        if entry.tutor is None:
            self.verdicts.alternatives += 1
            self._judge_alternative(entry, exercise)
            return
        how = _how_caught(exercise)
        key = (entry.exercise, entry.name)
        self.verdicts.caught[key] = how
        self.verdicts.named[key] = exercise.mistake == entry.name
        if how != CAUGHT_HIDDEN and not _loses_points(exercise):
            self._fault(f"{entry.exercise}: the mistake {entry.name} loses nothing")
        self._judge_bank(entry, exercise)
        if entry.breaks:
            self._judge_price(entry, entry.breaks, exercise, share)

    def _judge_bank(self, entry: Entry, exercise: ExerciseReport) -> None:
        """A check compares, whatever it is given; and a mistake runs, wrong as it is."""
        for where, error in self.grader.tripped(entry):
            line = traceback.extract_tb(error.__traceback__)[-1].lineno
            self._fault(
                f"{where}, line {line}: stops with {type(error).__name__}: {error}, where the "
                f"answer is {entry.name}; compare with same or assert_same"
            )
        hidden = [check for check in exercise.checks if check.hidden]
        if all(check.status is Status.CRASHED for check in hidden) and any(
            name in hidden[0].message for name in ("NameError", "ModuleNotFoundError")
        ):
            self._fault(f"{entry.exercise}: {entry.name} only stops with an error: what does the "
                        "file of mistakes not define or import?")  # fmt: skip

    def _judge_price(self, entry: Entry, fact: str, exercise: ExerciseReport, share: float) -> None:
        """A mistake that breaks one fact costs something, at most half, and is told nothing else.

        What was not judged asks first for the fact that is broken, so that it is told truly.
        """
        about = f"{entry.exercise}: {entry.name} breaks {fact} alone"
        failed = [c for c in exercise.checks if c.hidden and c.status is Status.FAILED]
        others = [c.name for c in failed if c.about != fact]
        sentence = failed[0].message if failed else ""
        self.verdicts.prices[entry.exercise, entry.name] = Price(fact, share, sentence)
        if others:
            self._fault(f"{about}, and fails {', '.join(others)}")
        if not 0.5 <= share < 1:
            self._fault(f"{about}, and keeps {share:.0%} of the points (50 to 99 % is fair)")

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
        if sentence not in map(_unseeded, self.verdicts.faults):
            self.verdicts.faults.append(f"{sentence} (seed {self.grader.seed})")


def _unseeded(fault: str) -> str:
    return fault.rsplit(" (seed", 1)[0]


def built_on(source: Assignment, items: Sequence[CheckItem]) -> dict[str, set[str]]:
    """For each exercise, those whose reference or checks call it, or call one that does."""
    names = {e.id: _names(without_marks(e.answer)) for e in source.exercises}
    for item in items:
        names[item.exercise] |= _asked(item.function) if item.function else _names(item.cell)
    found = {name: {other for other in names if name in names[other]} - {name} for name in names}
    for _ in found:  # as many steps as a chain of them can have
        for name, others in found.items():
            others.update(*(found[other] - {name} for other in tuple(others)))
    return found


def _names(code: str) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}


def _asked(check: Callable[..., None]) -> set[str]:
    """The exercises that a hidden check asks: ``student.fit``, ``same.fit``, ``same(...).fit``."""
    nodes = ast.walk(ast.parse(textwrap.dedent(inspect.getsource(check))))
    asked = (node for node in nodes if isinstance(node, ast.Attribute))
    return {n.attr for n in asked if _names(ast.unparse(n.value)) & {"student", "same"}}


def batches(
    entries: Iterable[Entry], based: Mapping[str, set[str]], everything: bool = False
) -> Iterator[list[Entry]]:
    """The entries, so many together that each exercise has one of its own at most.

    With everything, exercises take turns, so that the references of the others are run. What
    others build on (see ``built_on``) is not changed together with them.
    """
    by_exercise: dict[str, list[Entry]] = {}
    for entry in entries:
        by_exercise.setdefault(entry.exercise, []).append(entry)
    bases = [exercise for exercise in by_exercise if based[exercise]]
    others = [exercise for exercise in by_exercise if exercise not in bases]
    turns = [others[::2], others[1::2]] if everything else [others]
    in_a_chain = any(based[exercise] & {*bases} for exercise in bases)
    turns += [[exercise] for exercise in bases] if in_a_chain else [bases]
    for turn in turns:
        for batch in zip_longest(*(by_exercise[exercise] for exercise in turn)):
            yield [entry for entry in batch if entry]


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


def _submission(assignment: Assignment, entries: Sequence[Entry] = ()) -> Submission:
    """The assignment's own answers, submitted; some of them replaced by entries of the bank."""
    own = {entry.exercise: entry.source for entry in entries}
    cells = []
    for exercise in assignment.exercises:
        text = own.get(exercise.id) or without_marks(exercise.answer)
        cells.append(StudentCell((exercise.id,), text, f"answer to {exercise.id}"))
    return Submission(assignment.name, "verify", "verify.ipynb", "", tuple(cells))

"""The pipeline: submission -> sandbox -> checks -> report, one short function each.

``grade_all`` keeps one warm zygote and one warm pytest session for a whole class.
"""

from __future__ import annotations

import datetime
import platform
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from autograder import bank, plugin, scoring, sentences, submission, tiers
from autograder.course import Course, load
from autograder.errors import SubmissionError
from autograder.model import (
    Check,
    Exercise,
    ExerciseReport,
    Outcome,
    Report,
    Status,
    Submission,
    Tier,
)
from autograder.naming import Namer
from autograder.plugin import Graders, Result
from autograder.sandbox.session import Inventory, Session
from autograder.source import read_release
from autograder.student import Handle, Local


@dataclass(frozen=True)
class Job:
    """One file to grade, and whose it is."""

    student: str
    path: Path


@dataclass(frozen=True)
class Settings:
    """How to grade: the seed of all drawn inputs, and the weakest wall that will do."""

    seed: int
    require: Tier = Tier.ISOLATED


def grade_all(
    course: Course,
    name: str,
    jobs: Iterable[Job],
    settings: Settings,
    finished: Callable[[Report], None],
) -> None:
    """Grade submissions of one assignment, handing over each report as it is done."""
    with tiers.sandbox(read_release(course.release(name)).setup, settings.require) as walled:
        grader = Grader(course, name, walled, settings.seed)

        def work(graders: Graders) -> None:
            for job in jobs:
                finished(grader.grade(job, graders))

        plugin.run_graders(course.graders(name), grader.assignment, work)


class Grader:
    """Everything of one assignment that stays warm between submissions."""

    def __init__(self, course: Course, name: str, walled: tiers.Walled, seed: int) -> None:
        self.assignment = read_release(course.release(name))
        self.seed = seed
        self._walled = walled
        self._sha256 = course.graders_sha256(name)
        functions = vars(load(course.solution(name)))
        setup = list(self.assignment.setup)
        self._local = Local(functions, setup)
        self.reference = Handle(self._local)
        self._namer = Namer(bank.entries(load(course.bank(name))), functions, setup)
        self._environment = environment()

    def grade(self, job: Job, graders: Graders) -> Report:
        """Grade one file; whatever is in it, a report comes out."""
        started = time.perf_counter()
        try:
            handed_in = submission.read(job.path, self.assignment, job.student)
            report = self.report(handed_in, graders)
        except SubmissionError as error:
            report = self._blank(job, Outcome.UNREADABLE, str(error))
        return replace(report, seconds=round(time.perf_counter() - started, 4))

    def report(
        self,
        handed_in: Submission,
        graders: Graders,
        exercises: Sequence[Exercise] | None = None,
    ) -> Report:
        """Run the checks of one submission (of some exercises only, if asked) and report."""
        exercises = self.assignment.exercises if exercises is None else exercises
        session = Session(self._walled.sandbox, handed_in, self.assignment.setup)
        try:
            visible, hidden = self._checks(session, graders, exercises)
            if session.disturbed:
                visible, hidden = self._again_alone(handed_in, graders, visible, hidden)
            return self._assembled(handed_in, session, exercises, visible, hidden)
        finally:
            session.close()

    def _checks(
        self, session: Session, graders: Graders, exercises: Sequence[Exercise]
    ) -> tuple[dict[str, Check], list[Result]]:
        student = Handle(session)
        visible = {
            e.id: plugin.visible_check(student, self.reference, e.id, e.check.source, self.seed)
            for e in exercises
        }
        late = {name for name, check in visible.items() if check.status is Status.TIMED_OUT}
        names = {e.id for e in exercises}
        return visible, graders.run(student, self.reference, self.seed, names, late)

    def _again_alone(
        self,
        handed_in: Submission,
        graders: Graders,
        visible: Mapping[str, Check],
        hidden: Sequence[Result],
    ) -> tuple[dict[str, Check], list[Result]]:
        """Give each exercise that failed a process of its own: another one's fault is not its.

        An exercise that hung or died by itself did so in its own calls, and keeps its verdict.
        """
        merged, results = dict(visible), list(hidden)
        for exercise in (e for e in self.assignment.exercises if e.id in visible):
            own = [r.check for r in hidden if r.exercise == exercise.id]
            if not _worth_a_second_look([visible[exercise.id], *own]):
                continue
            session = Session(self._walled.sandbox, handed_in, self.assignment.setup)
            try:
                again, anew = self._checks(session, graders, [exercise])
            finally:
                session.close()
            merged |= again
            results = [r for r in results if r.exercise != exercise.id] + anew
        return merged, results

    def _assembled(
        self,
        handed_in: Submission,
        session: Session,
        exercises: Sequence[Exercise],
        visible: Mapping[str, Check],
        hidden: Sequence[Result],
    ) -> Report:
        reports = tuple(
            self._exercise(e, handed_in, session.inventory, visible[e.id], hidden)
            for e in exercises
        )
        notes, flags = _notes(handed_in, session.inventory)
        blank = self._blank(Job(handed_in.student, Path(handed_in.file)), Outcome.GRADED, None)
        return replace(
            blank,
            sha256=handed_in.sha256,
            exercises=reports,
            notes=notes,
            flags=flags,
            layers=(*self._walled.layers, *session.layers),
        )

    def _exercise(
        self,
        exercise: Exercise,
        handed_in: Submission,
        inventory: Inventory,
        visible: Check,
        hidden: Sequence[Result],
    ) -> ExerciseReport:
        results = [result for result in hidden if result.exercise == exercise.id]
        checks = [visible, *(result.check for result in results)]
        attempted = exercise.id not in handed_in.missing | handed_in.untouched
        problems = _problems(exercise.id, handed_in, inventory)
        slip = None
        if attempted and not problems and scoring.status(checks) is not Status.PASSED:
            records = [record for result in results for record in result.records]
            slip = self._namer.name(exercise.id, records)
        code = handed_in.answer(exercise.id)
        return scoring.exercise_report(exercise, checks, slip, problems, attempted, code)

    def _blank(self, job: Job, status: Outcome, reason: str | None) -> Report:
        """A report without a single check: the default is nothing earned."""
        return Report(
            assignment=self.assignment.name,
            student=job.student,
            file=job.path.name,
            sha256="",
            graders_sha256=self._sha256,
            status=status,
            reason=reason,
            max_score=self.assignment.max_score,
            seed=self.seed,
            exercises=(),
            notes=(),
            flags=(),
            tier=self._walled.tier,
            layers=self._walled.layers,
            environment=self._environment,
            graded_at=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            seconds=0.0,
        )

    def reseed(self, seed: int) -> None:
        """Draw other inputs from now on."""
        self.seed = seed
        self._local.answers.clear()
        self._namer.forget()


def environment() -> dict[str, Any]:
    """What a result was computed with."""
    return {"python": platform.python_version(), "torch": torch.__version__, "device": "cpu"}


def _worth_a_second_look(checks: Sequence[Check]) -> bool:
    statuses = {check.status for check in checks}
    return statuses != {Status.PASSED} and Status.TIMED_OUT not in statuses


def _problems(exercise: str, handed_in: Submission, inventory: Inventory) -> list[str]:
    """Why an exercise could not be graded at all, in words, the most basic reason first."""
    if exercise in handed_in.missing:
        return [sentences.MISSING.format(exercise=exercise)]
    if exercise in handed_in.untouched:
        return [sentences.NOT_ATTEMPTED]
    own = [i for i, cell in enumerate(handed_in.cells) if exercise in cell.exercises]
    broken = [problem for i in own if (problem := inventory.problems[i])]
    if broken:
        line, said = broken[0]
        return [sentences.SYNTAX.format(line=line, said=said)]
    binds = {name for i in own for name in inventory.binds[i]}
    if binds and exercise not in binds:
        return [sentences.RENAMED.format(found=", ".join(sorted(binds)), expected=exercise)]
    return [] if binds else [sentences.UNDEFINED.format(expected=exercise)]


def _notes(handed_in: Submission, inventory: Inventory) -> tuple[tuple[str, ...], tuple[str, ...]]:
    labels = [cell.label for cell in handed_in.cells]
    pairs = zip(labels, inventory.notes, strict=True)
    skipped = [f"{label}: {note}." for label, notes in pairs for note in notes]
    flags = [
        f"{label} mentions {', '.join(names)}"
        for label, names in zip(labels, inventory.flags, strict=True) if names
    ]  # fmt: skip
    return (*handed_in.notes, *skipped), tuple(flags)

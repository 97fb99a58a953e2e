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

from autograder import bank, findings, scoring, submission, tiers
from autograder.course import Course, load
from autograder.errors import SubmissionError
from autograder.judging import Judge, Verdict
from autograder.model import (
    Assignment,
    Exercise,
    ExerciseReport,
    Outcome,
    Report,
    Status,
    Submission,
    Tier,
)
from autograder.naming import Namer
from autograder.plugin import Graders, run_graders
from autograder.sandbox.session import Session
from autograder.source import read_release
from autograder.student import Local
from autograder.tiers import Walled


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
        assignment = read_release(course.release(name))

        def work(graders: Graders) -> None:
            grader = Grader(course, assignment, walled, graders, settings.seed)
            for job in jobs:
                finished(grader.grade(job))

        run_graders(course.graders(name), assignment, work)


Verdicts = Mapping[str, Sequence[Verdict]]  # by exercise


class Grader:
    """Everything of one assignment that stays warm between submissions."""

    def __init__(
        self, course: Course, assignment: Assignment, walled: Walled, graders: Graders, seed: int
    ) -> None:
        self.assignment, self.seed, self._walled = assignment, seed, walled
        self._sha256 = course.graders_sha256(assignment.name)
        functions = vars(load(course.solution(assignment.name)))
        setup = list(assignment.setup)
        self._reference = Local(functions, setup)
        self._judge = Judge(graders, assignment.exercises, self._reference, seed)
        walled.sandbox.compile([*setup, *self._judge.rehearse()])
        self._namer = Namer(bank.entries(load(course.bank(assignment.name))), functions, setup)

    @property
    def slow(self) -> frozenset[str]:
        """Exercises whose checks take long."""
        return self._judge.slow

    def reseed(self, seed: int) -> None:
        """Draw other inputs from now on."""
        self.seed = seed
        self._reference.answers.clear()
        self._judge.reseed(seed)
        self._namer.reseed()

    def grade(self, job: Job) -> Report:
        """Grade one file; whatever is in it, a report comes out."""
        started = time.perf_counter()
        try:
            report = self.report(submission.read(job.path, self.assignment, job.student))
        except SubmissionError as error:
            report = self._blank(job.student, job.path.name, Outcome.UNREADABLE, str(error))
        return replace(report, seconds=round(time.perf_counter() - started, 4))

    def report(self, handed_in: Submission, exercises: Sequence[str] | None = None) -> Report:
        """Run the checks of one submission (of some exercises only, if asked) and report."""
        wanted = [e.id for e in self.assignment.exercises if exercises is None or e.id in exercises]
        attempted = [e for e in wanted if e not in handed_in.missing | handed_in.untouched]
        session = self._session(handed_in)
        try:
            verdicts = self._verdicts(session, attempted)
            if session.disturbed:
                verdicts = {**verdicts, **self._again_alone(handed_in, verdicts)}
            return self._assembled(handed_in, session, wanted, verdicts)
        finally:
            session.close()

    def _session(self, handed_in: Submission) -> Session:
        return Session(self._walled.sandbox, handed_in, self.assignment.setup)

    def _verdicts(self, session: Session, exercises: Sequence[str]) -> Verdicts:
        judged = self._judge.verdicts(session, exercises)
        return {e: [v for v in judged if v.task.exercise == e] for e in exercises}

    def _again_alone(self, handed_in: Submission, verdicts: Verdicts) -> Verdicts:
        """Give each exercise that failed a process of its own: another one's fault is not its."""
        again: dict[str, Sequence[Verdict]] = {}
        for exercise, own in verdicts.items():
            if _worth_a_second_look(own):
                session = self._session(handed_in)
                try:
                    again |= self._verdicts(session, [exercise])
                finally:
                    session.close()
        return again

    def _assembled(
        self, handed_in: Submission, session: Session, wanted: Sequence[str], verdicts: Verdicts
    ) -> Report:
        exercises = (e for e in self.assignment.exercises if e.id in wanted)
        blank = self._blank(handed_in.student, handed_in.file, Outcome.GRADED, None)
        return replace(
            blank,
            sha256=handed_in.sha256,
            exercises=tuple(self._exercise(e, handed_in, session, verdicts) for e in exercises),
            notes=findings.notes(handed_in, session.inventory),
            flags=findings.flags(handed_in, session.inventory),
            layers=(*self._walled.layers, *session.layers),
        )

    def _exercise(
        self, exercise: Exercise, handed_in: Submission, session: Session, verdicts: Verdicts
    ) -> ExerciseReport:
        own = verdicts.get(exercise.id)
        checks = self._judge.not_run(exercise.id) if own is None else [v.check for v in own]
        problems = findings.problems(exercise.id, handed_in, session.inventory)
        failed = scoring.status(checks) is not Status.PASSED
        slip = self._namer.name(exercise.id, own) if own and failed and not problems else None
        code = handed_in.answer(exercise.id)
        return scoring.exercise_report(exercise, checks, slip, problems, own is not None, code)

    def _blank(self, student: str, file: str, status: Outcome, reason: str | None) -> Report:
        """A report without a single check: the default is nothing earned."""
        return Report(
            assignment=self.assignment.name,
            student=student,
            file=file,
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
            environment=environment(),
            graded_at=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            seconds=0.0,
        )


def environment() -> dict[str, Any]:
    """What a result was computed with."""
    return {"python": platform.python_version(), "torch": torch.__version__, "device": "cpu"}


def _worth_a_second_look(verdicts: Sequence[Verdict]) -> bool:
    """Whether another exercise may be to blame; one that hung did so in its own calls."""
    statuses = {verdict.check.status for verdict in verdicts}
    return statuses != {Status.PASSED} and Status.TIMED_OUT not in statuses

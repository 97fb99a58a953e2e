"""The pipeline: submission -> sandbox -> checks -> report, one short function each.

``grade_all`` keeps one warm zygote and one warm pytest session for a whole class.
"""

from __future__ import annotations

import datetime
import math
import platform
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import torch

from autograder import bank, findings, scoring, submission, tiers
from autograder.bank import Entry
from autograder.course import Course, load
from autograder.errors import FileError, SubmissionError
from autograder.judging import Judge, Verdict
from autograder.model import (
    Assignment,
    Check,
    Device,
    Exercise,
    ExerciseReport,
    Job,
    Outcome,
    Report,
    Settings,
    Status,
    StudentCell,
    Submission,
)
from autograder.naming import Namer
from autograder.plugin import Graders, run_graders
from autograder.sandbox.inside import condition, eager
from autograder.sandbox.launch import Launched
from autograder.sandbox.session import Behind, Session
from autograder.student import Local
from autograder.tiers import Walled


def grade_all(
    course: Course,
    assignment: Assignment,
    launched: Launched,
    jobs: Iterable[Job],
    settings: Settings,
    finished: Callable[[Report], None],
) -> None:
    """Grade submissions of one assignment in one pytest session, while a sandbox starts up."""
    torch.set_num_threads(1)  # sums in one order, whatever machine and however many workers

    def work(graders: Graders) -> None:
        grader = Grader(course, assignment, graders, settings.seed)
        with tiers.walled(launched, settings.require) as walled, closing(grader.behind(walled)):
            for job in jobs:
                finished(grader.grade(job))

    run_graders(course.graders(assignment.name), assignment, work)


_PATIENCE = 2.0  # seconds for a check in company; one that needs more gets a process of its own
_SHARED = {Status.TIMED_OUT, Status.OUT_OF_MEMORY, Status.NOT_RUN}
_MOST_KNOWN = 10_000  # remembered codes; past that, all are forgotten
Verdicts = Mapping[str, Sequence[Verdict]]  # by exercise


@dataclass(frozen=True)
class Judged:
    """What came of one exercise: its checks, and the known mistake that answers alike."""

    checks: Sequence[Check]
    slip: Entry | None


class Grader:
    """Everything of one assignment that stays warm between submissions."""

    _walled: Walled

    def __init__(self, course: Course, assignment: Assignment, graders: Graders, seed: int) -> None:
        eager.keep_compiler_unloaded()
        condition.spare_absent_devices()  # nor does this process ever use a GPU
        self.assignment, self.seed, self._graders = assignment, seed, graders
        self._course, self._sha256 = course, course.graders_sha256(assignment.name)
        functions = vars(load(course.solution(assignment.name)))
        setup = list(assignment.setup)
        self._reference: Local | Behind = Local(functions, setup)
        self._known: dict[tuple[str, str], Judged] = {}  # by exercise and digest of its code
        self._seen: set[tuple[str, str]] = set()  # the same keys, of code that ran in company
        self._judge = self._rehearsed()
        self._namer = Namer(bank.entries(load(course.bank(assignment.name))), functions, setup)

    def behind(self, walled: Walled) -> Grader:
        """Take up work in a ready sandbox."""
        self._walled = walled
        if walled.gpu:
            self._reference = self._reference_on_gpu()
            self._judge = self._rehearsed()
        given = [cell.source for cell in self.assignment.cells if cell.kind == "code"]
        walled.sandbox.prepare([*self.assignment.setup, *self._judge.texts()], given)
        return self

    def _rehearsed(self) -> Judge:
        judge = Judge(self._graders, self.assignment.exercises, self._reference, self.seed)
        judge.rehearse()
        return judge

    def _reference_on_gpu(self) -> Behind:
        """The reference where the students' code runs, in a process that no student's code sees."""
        path = self._course.solution(self.assignment.name)
        ids = tuple(exercise.id for exercise in self.assignment.exercises)
        cell = StudentCell(ids, path.read_text(encoding="utf-8"), "the reference")
        return Behind(self._session(Submission(self.assignment.name, "", "", "", (cell,))))

    @property
    def slow(self) -> frozenset[str]:
        """Exercises whose checks take long."""
        return self._judge.slow

    def close(self) -> None:
        """End what the grader itself has started behind the wall."""
        if isinstance(self._reference, Behind):
            self._reference.close()

    def reseed(self, seed: int) -> None:
        """Draw other inputs from now on."""
        self.seed = seed
        self._reference.answers.clear()
        self._judge.reseed(seed)
        self._known.clear()
        self._seen.clear()
        self._namer.reseed()

    def grade(self, job: Job) -> Report:
        """Grade one file; whatever is in it, a report comes out."""
        started = time.perf_counter()
        try:
            report = self._read_and_graded(job)
        except FileError as error:
            report = self._blank(job.student, job.path.name, Outcome.NOT_GRADED, str(error))
        return replace(report, seconds=round(time.perf_counter() - started, 4))

    def _read_and_graded(self, job: Job) -> Report:
        try:
            return self.report(submission.read(job.path, self.assignment, job.student))
        except SubmissionError as error:
            blank = self._blank(job.student, job.path.name, Outcome.UNREADABLE, str(error))
            return replace(blank, sha256=submission.sha256(job.path))

    def report(self, handed_in: Submission, exercises: Sequence[str] | None = None) -> Report:
        """Run the checks of one submission (of some exercises only, if asked) and report."""
        wanted = [e.id for e in self.assignment.exercises if exercises is None or e.id in exercises]
        attempted = [e for e in wanted if e not in handed_in.missing | handed_in.untouched]
        session = self._session(handed_in, _PATIENCE if len(attempted) > 1 else math.inf)
        try:
            judged = self._judged(handed_in, session, attempted)
            return self._assembled(handed_in, session, wanted, judged)
        finally:
            session.close()

    def _judged(
        self, handed_in: Submission, session: Session, attempted: Sequence[str]
    ) -> dict[str, Judged]:
        """Judge each exercise, or recall the judgement where equal code was judged before.

        Only a judgement that was formed alone is remembered, where no other exercise's code ran:
        a process can lie about what one exercise did to another, and equal code of other students
        must not pay for it. So code that comes a second time is judged once more, alone.
        """
        keys = {e: (e, session.inventory.digests.get(e, "")) for e in attempted}
        known = {e: self._known[key] for e, key in keys.items() if key in self._known}
        unknown = [e for e in attempted if e not in known]
        again = [e for e in unknown if len(unknown) > 1 and keys[e] in self._seen]
        company = [e for e in unknown if e not in again]
        together = self._verdicts(session, company)
        doubtful = self._doubtful(together, session) if len(attempted) > 1 else []
        alone = self._each_alone(handed_in, [*again, *doubtful])
        new = {e: self._with_slip(e, own) for e, own in {**together, **alone}.items()}
        formed_alone = {*alone, *(company if len(company) == 1 else ())}
        self._remember({keys[e]: new[e] for e in formed_alone})
        self._seen |= {keys[e] for e in company}
        return {**known, **new}

    def _doubtful(self, together: Verdicts, session: Session) -> list[str]:
        """Exercises that another one may have spoilt."""
        failing = [e for e, own in together.items() if _statuses(own)]
        disturbed = len(together) > 1 and bool(failing) and session.disturbed
        return [e for e in failing if disturbed or _statuses(together[e]) & _SHARED]

    def _remember(self, judgements: Mapping[tuple[str, str], Judged]) -> None:
        """Keep what is a function of the code alone: neither time nor memory nor a death is."""
        if len(self._known) + len(self._seen) > _MOST_KNOWN:
            self._known.clear()
            self._seen.clear()
        for key, judged in judgements.items():
            if not {check.status for check in judged.checks} & {*_SHARED, Status.CRASHED}:
                self._known[key] = judged

    def _with_slip(self, exercise: str, own: Sequence[Verdict]) -> Judged:
        checks = tuple(verdict.check for verdict in own)
        failed = scoring.status(checks) is not Status.PASSED
        return Judged(checks, self._namer.name(exercise, own) if failed else None)

    def _session(self, handed_in: Submission, patience: float = math.inf) -> Session:
        return Session(self._walled.sandbox, handed_in, self.assignment.setup, patience)

    def _verdicts(self, session: Session, exercises: Sequence[str]) -> Verdicts:
        judged = self._judge.verdicts(session, exercises)
        return {e: [v for v in judged if v.task.exercise == e] for e in exercises}

    def _each_alone(self, handed_in: Submission, exercises: Sequence[str]) -> Verdicts:
        """Give each exercise a process of its own: another one's fault is not its."""
        verdicts: dict[str, Sequence[Verdict]] = {}
        for exercise in exercises:
            session = self._session(handed_in)
            try:
                verdicts |= self._verdicts(session, [exercise])
            finally:
                session.close()
        return verdicts

    def _assembled(
        self,
        handed_in: Submission,
        session: Session,
        wanted: Sequence[str],
        judged: Mapping[str, Judged],
    ) -> Report:
        exercises = (e for e in self.assignment.exercises if e.id in wanted)
        blank = self._blank(handed_in.student, handed_in.file, Outcome.GRADED, None)
        return replace(
            blank,
            sha256=handed_in.sha256,
            exercises=tuple(
                self._exercise(e, handed_in, session, judged.get(e.id)) for e in exercises
            ),
            notes=findings.notes(handed_in, session.inventory),
            flags=findings.flags(handed_in, session.inventory),
            layers=(*self._walled.layers, *session.layers),
        )

    def _exercise(
        self, exercise: Exercise, handed_in: Submission, session: Session, own: Judged | None
    ) -> ExerciseReport:
        judged = own or Judged(self._judge.not_run(exercise.id), None)
        problems = findings.problems(exercise.id, handed_in, session.inventory)
        slip = None if problems else judged.slip
        code = handed_in.answer(exercise.id)
        attempted = own is not None
        return scoring.exercise_report(exercise, judged.checks, slip, problems, attempted, code)

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
            environment=environment(self._walled.gpu),
            graded_at=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            seconds=0.0,
        )


def environment(gpu: str | None) -> dict[str, Any]:
    """What a result was computed with."""
    device = {"device": Device.CUDA, "gpu": gpu} if gpu else {"device": Device.CPU}
    return {"python": platform.python_version(), "torch": torch.__version__, **device}


def _statuses(verdicts: Sequence[Verdict]) -> set[Status]:
    """What became of the checks that did not pass."""
    return {verdict.check.status for verdict in verdicts} - {Status.PASSED}

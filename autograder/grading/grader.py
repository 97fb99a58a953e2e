"""Grades the submissions of one assignment: submission -> sandbox -> checks -> report."""

from __future__ import annotations

import copy
import ctypes
import datetime
import functools
import gc
import math
import platform
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from typing import Any

import torch

from autograder import __version__
from autograder.course import mistakes
from autograder.course.layout import Course, load
from autograder.course.mistakes import Entry
from autograder.errors import AuthorError, FileError, SubmissionError
from autograder.grading import checks, example, judging, remarks, scoring, unwatched
from autograder.grading.charges import charged
from autograder.grading.controls import Controls
from autograder.grading.difference import use_tolerances
from autograder.grading.digest import graders_sha256
from autograder.grading.handles import InProcess
from autograder.grading.judging import Judge, Verdict
from autograder.grading.matching import MistakeMatcher
from autograder.grading.remembered import depends_on_earlier_calls
from autograder.model import (
    SEEDS_KEPT,
    Assignment,
    Check,
    Device,
    Exercise,
    ExerciseReport,
    Job,
    Outcome,
    Report,
    Status,
    StudentCell,
    Submission,
)
from autograder.notebook import wording
from autograder.sandbox import budget
from autograder.sandbox.answers import Stopped
from autograder.sandbox.budget import Account, UsedUp
from autograder.sandbox.inside import imports, no_compiler, plotly_shortcuts, torch_patches
from autograder.sandbox.session import InSandbox, Session
from autograder.sandbox.tiers import Sandbox
from autograder.sandbox.whole_notebook import WholeNotebook
from autograder.submissions import read

_PATIENCE = 2.0  # seconds for a check in company; one that needs more gets a process of its own
_EXAMPLES = 10.0  # seconds for all examples that are run once more for what they say
_TOO_MUCH = (
    "There was not enough memory to read this file or its answers. Look at the file, and grade it "
    "again where there is more."
)
_SHARED = {Status.TIMED_OUT, Status.OUT_OF_MEMORY, Status.NOT_RUN}
Verdicts = Mapping[str, Sequence[Verdict]]  # by exercise


class Preparation:
    """All of a grader that needs no sandbox, so that it can be done while one starts.

    The checks are collected and recorded on the reference, and the known mistakes loaded.

    Raises:
        AuthorError: the graders, the mistakes or the reference are wrong.
    """

    def __init__(self, course: Course, assignment: Assignment, seed: int) -> None:
        torch.set_num_threads(1)  # sums in one order, whatever machine and however many workers
        no_compiler.keep_compiler_unloaded()
        torch_patches.spare_absent_devices()  # nor does this process ever use a GPU
        use_tolerances(course.config.tolerances)
        self.course = course
        self.assignment = assignment
        with imports.offered(course.config.sandbox.stand_ins):
            self.items = checks.collect(course.graders(assignment.name), assignment)
            functions = vars(load(course.solution(assignment.name)))
            self._reference = InProcess(functions, list(assignment.setup))
            self._entries = mistakes.entries(
                load(course.mistakes(assignment.name)), [e.id for e in assignment.exercises]
            )
        plotly_shortcuts.take()
        self._draw(seed)

    def with_seed(self, seed: int) -> Preparation:
        """The same checks and mistakes, recorded with the inputs of another seed."""
        other = copy.copy(self)
        other._draw(seed)
        return other

    def _draw(self, seed: int) -> None:
        self.seed = seed
        self.judge = Judge(self.items, self._reference, seed)
        self.matcher = MistakeMatcher(self._entries, self._reference, self.judge)
        self.controls = Controls(self.judge.frames, self._reference, self.matcher.bank, seed)


class Grader:
    """A warm grader of one assignment, in a sandbox that is ready; submissions can name a seed."""

    def __init__(self, prepared: Preparation, sandbox: Sandbox) -> None:
        self.assignment = prepared.assignment
        self._prepared = prepared
        self._sandbox = sandbox
        self._others: dict[int, Grader] = {}  # of this sandbox, by seed: the last few
        self._reference: InSandbox | None = None
        self._use(prepared)
        self._sha256 = graders_sha256(prepared.course, self.assignment.name)
        self._packages = prepared.course.config.sandbox.packages
        self._on_gpu = bool(sandbox.gpu)
        if sandbox.gpu:
            self._reference = self._reference_on_gpu(prepared.course)
            self._use(prepared)
        self._budget = budget.allowed(
            prepared.course.config.sandbox.budget,
            self._judge.reference_seconds,
            self._judge.slow_seconds,
        )
        given = [cell.source for cell in self.assignment.cells if cell.kind == "code"]
        sandbox.zygote.prepare([*self.assignment.setup, *self._judge.texts()], given)

    def rehearse(self) -> bool:
        """Learn a little of what the first answers of their kind would have to wait for.

        The inputs that were graded with last come first. Returns False when all is known.
        """
        return any(one._learn() for one in (self._latest, self, *self._others.values()))

    def _learn(self) -> bool:
        with suppress(AuthorError):  # whoever is graded by it will hear
            return next(self._rest, self) is not self
        return False

    def _rehearsal(self) -> Iterator[None]:
        for exercise in self.assignment.exercises:
            yield from self._controls.rehearsal(exercise.id)
            yield from self._matcher.rehearsal(exercise.id, self._judge.frames(exercise.id))
        _give_back_memory()

    def with_seed(self, seed: int) -> Grader:
        """This grader with the inputs of another seed, in the same sandbox; the last few are kept.

        Raises:
            AuthorError: the reference fails a check on these inputs.
        """
        if seed == self.seed:
            return self
        if (other := self._others.pop(seed, None)) is None:
            other = copy.copy(self)
            other._use(self._prepared.with_seed(seed))
        self._others[seed] = other  # the newest is the last
        while len(self._others) > SEEDS_KEPT:
            del self._others[next(iter(self._others))]
        return other

    def _use(self, prepared: Preparation) -> None:
        """Judge by what is prepared; where there is a GPU, by what the reference says there."""
        self.seed = prepared.seed
        self._judge = prepared.judge
        self._matcher = prepared.matcher
        self._controls = prepared.controls
        self._latest, self._rest = self, self._rehearsal()
        if self._reference is not None:
            self._judge = Judge(prepared.items, self._reference, self.seed)
            self._controls = prepared.controls.on_gpu(self._reference)

    def _reference_on_gpu(self, course: Course) -> InSandbox:
        """The reference where the students' code runs, in a process that no student's code sees."""
        path = course.solution(self.assignment.name)
        ids = tuple(exercise.id for exercise in self.assignment.exercises)
        cell = StudentCell(ids, path.read_text(encoding="utf-8"), "the reference")
        return InSandbox(self._session(Submission(self.assignment.name, "", "", "", (cell,))))

    @property
    def items(self) -> Sequence[checks.CheckItem]:
        """All checks, visible and hidden."""
        return self._prepared.items

    @property
    def slow(self) -> frozenset[str]:
        """Exercises whose checks take long."""
        return self._judge.slow

    def tripped(self, entry: Entry) -> Iterator[tuple[str, Exception]]:
        """The hidden checks that a known mistake makes raise: place, and what was raised."""
        for known, local in self._matcher.bank.get(entry.exercise, ()):
            if known.name == entry.name:
                yield from self._judge.tripped(entry.exercise, local)

    def close(self) -> None:
        """End what the grader itself has started in the sandbox."""
        if self._reference is not None:
            self._reference.close()

    def grade(self, job: Job) -> Report:
        """Grade one file; whatever is in it, a report comes out.

        Raises:
            AuthorError: the reference fails a check on the inputs of the seed that the job names.
            InfrastructureError: the sandbox failed; nothing may be said about this submission.
        """
        started = time.perf_counter()
        seed = self.seed if job.seed is None else job.seed
        try:
            submission = read.read(job.path, self.assignment, job.student)
            self._latest = self.with_seed(seed)  # prepared for what can be read
            report = self._latest.report(submission)
        except SubmissionError as error:
            blank = self._blank(job.student, job.path.name, Outcome.UNREADABLE, str(error))
            report = replace(blank, sha256=read.sha256(job.path))
        except FileError as error:
            report = self._blank(job.student, job.path.name, Outcome.NOT_GRADED, str(error))
        except (MemoryError, RecursionError):  # over this file; others need not wait for a restart
            report = self._blank(job.student, job.path.name, Outcome.NOT_GRADED, _TOO_MUCH)
        return replace(report, seed=seed, seconds=round(time.perf_counter() - started, 4))

    def report(self, submission: Submission, exercises: Sequence[str] | None = None) -> Report:
        """Run the checks of one submission (of some exercises only, if asked) and report."""
        wanted = [e for e in self.assignment.exercises if exercises is None or e.id in exercises]
        nothing_there = submission.missing | submission.untouched
        attempted = [e.id for e in wanted if e.id not in nothing_there]
        elsewhere = [e.id for e in wanted if e.id in submission.elsewhere]
        patience = _PATIENCE if len(attempted) > 1 else math.inf
        account = Account(self._budget)
        submission = remarks.within(submission, self._budget.cells)
        with closing(self._session(submission, patience, account)) as session:
            verdicts, as_notebook = self._verdicts_of_all(
                submission, session, attempted, elsewhere, account
            )
            inventory, replaced = session.inventory, session.replaced()
        # only now: a process that lives could tell the next one what it has seen
        judged = self._judged(submission, verdicts, as_notebook, account)
        spent = [
            *remarks.used_up(own.used_up for own in judged.values()),
            *remarks.deaths(account.deaths),
        ]
        told = tuple(self._exercise(e, submission, session, judged) for e in wanted)
        odd = remarks.oddities(told)
        return replace(
            self._blank(submission.student, submission.file, Outcome.GRADED, None),
            sha256=submission.sha256,
            exercises=told,
            notes=(*remarks.notes(submission, inventory, told), *spent),
            flags=(*remarks.flags(submission, inventory, replaced), *odd, *spent),
            layers=(*self._sandbox.layers, *session.layers),
        )

    def _verdicts_of_all(
        self,
        submission: Submission,
        session: Session,
        attempted: Sequence[str],
        elsewhere: Sequence[str],
        account: Account,
    ) -> tuple[Verdicts, Verdicts]:
        """What all exercises' checks found, and what of it comes from a run of the whole notebook.

        All are asked in one process, and those in doubt once more, each in its own. What may be
        answered ``elsewhere`` than in a cell is asked where that earns something.
        """
        verdicts = dict(self._verdicts(session, attempted, account))
        if len(attempted) > 1:
            for exercise in self._doubtful(verdicts, session, account):
                alone = self._alone(submission, exercise, account)
                verdicts[exercise] = _best_known(verdicts[exercise], alone)
        doubtful = _to_run_as_notebook(verdicts, plain=session.inventory.plain)
        as_notebook = self._as_notebook(submission, verdicts, [*doubtful, *elsewhere], account)
        return {**verdicts, **as_notebook}, as_notebook

    def _judged(
        self, submission: Submission, verdicts: Verdicts, as_notebook: Verdicts, account: Account
    ) -> dict[str, Judged]:
        """Each exercise's checks, with what explains those that failed."""
        said = self._said_by_examples(submission, verdicts, as_notebook)
        explained = {e: self._with_mistake(e, own, account) for e, own in verdicts.items()}
        return {
            e: replace(
                own
                if e in as_notebook
                else self._with_memory(own, verdicts[e], submission, account),
                as_notebook=e in as_notebook,
                said=said.get(e, ""),
            )
            for e, own in explained.items()
        }

    def _with_memory(
        self, own: Judged, verdicts: Sequence[Verdict], submission: Submission, account: Account
    ) -> Judged:
        """Where nothing else explains an answer: whether it depends on what was asked before."""
        status = scoring.status(own.checks)
        if own.mistake or own.explained or account.used_up or status is Status.PASSED:
            return own
        start = functools.partial(self._session, submission, account=account)
        found = depends_on_earlier_calls(verdicts, self._judge.expected, start)
        return replace(own, explained=wording.REMEMBERS) if found else own

    def _said_by_examples(
        self, submission: Submission, judged: Verdicts, as_notebook: Verdicts
    ) -> dict[str, str]:
        """What the notebook's own examples say where the code stops.

        The budget is one of its own, so that nothing of what was asked before can be read from it.
        """
        account = Account(replace(self._budget, seconds=_EXAMPLES, cpu_seconds=_EXAMPLES))
        stopped = [e for e, own in judged.items() if example.stopped(v.check for v in own)]
        said: dict[str, str] = {}
        if sliced := self._examples([e for e in stopped if e not in as_notebook]):
            with closing(self._session(submission, account=account)) as session:
                said.update(example.words(session, submission, sliced))
        if whole := self._examples([e for e in stopped if e in as_notebook]):
            with closing(self._notebook(submission, account)) as notebook:
                whole.sort(key=lambda item: notebook.cells_before(item.exercise))
                said.update(example.words(notebook, submission, whole))
        return said

    def _examples(self, exercises: Sequence[str]) -> list[checks.CheckItem]:
        return [item for item in self.items if not item.hidden and item.exercise in exercises]

    def _as_notebook(
        self,
        submission: Submission,
        verdicts: Verdicts,
        doubtful: Sequence[str],
        account: Account,
    ) -> Verdicts:
        """What is better when the whole notebook is run, of some exercises."""
        if not doubtful or account.used_up:
            return {}
        better: dict[str, Sequence[Verdict]] = {}
        with suppress(Stopped), closing(self._notebook(submission, account)) as notebook:
            for exercise in sorted(doubtful, key=notebook.cells_before):
                if notebook.run_to_check(exercise):
                    again = self._verdicts(notebook, [exercise], account)[exercise]
                    if _is_better(again, verdicts.get(exercise, ())):
                        better[exercise] = again
        return better

    def _alone(self, submission: Submission, exercise: str, account: Account) -> Sequence[Verdict]:
        if used_up := account.used_up:
            return self._judge.refused(exercise, used_up)
        with closing(self._session(submission, account=account)) as session:
            return self._verdicts(session, [exercise], account)[exercise]

    def _doubtful(self, verdicts: Verdicts, session: Session, account: Account) -> list[str]:
        """Failing exercises that another one of the same process may have spoilt.

        Those that took too long or ended Python come last: they may use up the budget.
        """
        failing = {e: bad for e, own in verdicts.items() if (bad := _failures(own))}
        if not failing:
            return []
        disturbed = session.is_disturbed()
        doubtful = [
            e for e, statuses in failing.items()
            if disturbed or statuses & _SHARED or any(map(_lacks_files, verdicts[e]))
        ]  # fmt: skip
        ended = account.deaths
        return sorted(doubtful, key=lambda e: (Status.TIMED_OUT in failing[e], ended.get(e, 0)))

    def _with_mistake(self, exercise: str, own: Sequence[Verdict], account: Account) -> Judged:
        found = tuple(verdict.check for verdict in own)
        used_up = next((verdict.used_up for verdict in own if verdict.used_up), None)
        if used_up or account.judged_enough or scoring.status(found) is Status.PASSED:
            return Judged(found, None, used_up=used_up)
        with account.judging(exercise):
            return Judged(found, *self._matcher.explained(exercise, own))

    def _session(
        self,
        submission: Submission,
        patience: float = math.inf,
        account: Account | None = None,
    ) -> Session:
        setup = self.assignment.setup
        return Session(self._sandbox.zygote, submission, setup, patience, account)

    def _notebook(self, submission: Submission, account: Account) -> WholeNotebook:
        return WholeNotebook(self._sandbox.zygote, submission, self.assignment.setup, account)

    def _verdicts(self, session: Session, exercises: Sequence[str], account: Account) -> Verdicts:
        judged = self._judge.verdicts(session, exercises, account)
        by_exercise = {e: [v for v in judged if v.item.exercise == e] for e in exercises}
        seen = {e: unwatched.confirmed(e, own, session) for e, own in by_exercise.items()}
        told = {e: self._controls.confirmed(e, own, session) for e, own in seen.items()}
        return {e: charged(own) for e, own in told.items()}

    def _exercise(
        self,
        exercise: Exercise,
        submission: Submission,
        session: Session,
        judged: Mapping[str, Judged],
    ) -> ExerciseReport:
        own = judged.get(exercise.id) or Judged(self._judge.not_run(exercise.id), None)
        problems = remarks.problems(exercise.id, submission, session.inventory)
        if own.as_notebook:
            problems = []  # they are about the cell alone
        report = scoring.exercise_report(
            exercise,
            example.with_words(own.checks, own.said),
            None if problems else own.mistake,
            "" if problems else own.explained,
            problems,
            exercise.id in judged,
            submission.answer(exercise.id),
        )
        if report.status is Status.CRASHED and not problems:
            found = remarks.fault(
                exercise.id, session.inventory, self._packages, own.said, gpu=self._on_gpu
            )
            first = (*found, *report.remarks)[: scoring.MAX_REMARKS]
            report = replace(report, remarks=first)
        return replace(report, as_notebook=own.as_notebook)

    def _blank(self, student: str, file: str, status: Outcome, reason: str | None) -> Report:
        """A report without a single check: the default is nothing earned."""
        return Report(
            assignment=self.assignment.name,
            student=student,
            file=file,
            graders_sha256=self._sha256,
            max_score=self.assignment.max_score,
            seed=self.seed,
            tier=self._sandbox.tier,
            status=status,
            reason=reason,
            layers=self._sandbox.layers,
            environment=environment(self._sandbox.gpu),
            graded_at=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            title=self.assignment.title,
        )


def _give_back_memory() -> None:
    """Free networks that refer to themselves, and hand on what the C library keeps for later."""
    gc.collect()
    with suppress(AttributeError, OSError):  # a C library that keeps nothing
        ctypes.CDLL(None).malloc_trim(0)


@dataclass(frozen=True)
class Judged:
    """What came of one exercise: its checks, and the known mistake that answers alike."""

    checks: Sequence[Check]
    mistake: Entry | None
    explained: str = ""  # what is said of the answer as a whole
    used_up: UsedUp | None = None  # of the submission's budget, where that left some of it unknown
    as_notebook: bool = False  # whether the whole notebook was run for it
    said: str = ""  # by the notebook's own example, where the code stops on it


def environment(gpu: str | None) -> dict[str, Any]:
    """What a result was computed with."""
    device = {"device": Device.CUDA, "gpu": gpu} if gpu else {"device": Device.CPU}
    versions = {"python": platform.python_version(), "torch": torch.__version__}
    return {"autograder": __version__, **versions, **device}


def _best_known(beside_others: Sequence[Verdict], alone: Sequence[Verdict]) -> list[Verdict]:
    """What an exercise answered alone; where the budget did not reach so far, what it passed."""
    known = {verdict.item.name: verdict for verdict in beside_others}

    def better(two: Verdict) -> Verdict:
        one = known.get(two.item.name, two)
        return one if two.used_up and one.check.status is Status.PASSED else two

    return [better(two) for two in alone]


def _to_run_as_notebook(verdicts: Verdicts, *, plain: bool) -> list[str]:
    """The exercises that do not pass, and may pass where the whole notebook is run.

    Where the cells hold nothing but what the exercises need, and nothing raised, running them in
    order is the same, and is not done.
    """
    return [
        exercise for exercise, own in verdicts.items()
        if (bad := _failures(own)) and (not plain or Status.CRASHED in bad)
    ]  # fmt: skip


def _is_better(as_notebook: Sequence[Verdict], sliced: Sequence[Verdict]) -> bool:
    """Whether the notebook earns more; where neither can be run, what Jupyter says is the truth.

    What is not attempted in its own cell counts elsewhere if it passes a check there.
    """
    if not sliced:
        return any(v.check.status is Status.PASSED for v in as_notebook)
    if _earned(as_notebook) != _earned(sliced):
        return _earned(as_notebook) > _earned(sliced)
    stops = [[v.check.message for v in own] for own in (as_notebook, sliced)]
    return stops[0] != stops[1] and {v.check.status for v in as_notebook} == {Status.CRASHED}


def _earned(verdicts: Sequence[Verdict]) -> tuple[float, int, int]:
    """The share of an exercise that its hidden checks earn, and how many of all checks passed.

    What comes back and is wrong says more of an answer than that it could not be run.
    """
    found = [verdict.check for verdict in verdicts]
    passed = sum(check.status is Status.PASSED for check in found)
    return scoring.share(found), passed, sum(check.status is Status.FAILED for check in found)


def _lacks_files(verdict: Verdict) -> bool:
    """Whether a check stopped with an error of the system: others may have used up its files."""
    stopped = verdict.check.status in (Status.CRASHED, Status.NOT_JUDGED)
    found = judging.records([verdict]) or () if stopped else ()
    return any("OSError" in (record.answer.error or ()) for record in found)


def _failures(verdicts: Sequence[Verdict]) -> set[Status]:
    """What became of the checks that did not pass."""
    return {verdict.check.status for verdict in verdicts} - {Status.PASSED}

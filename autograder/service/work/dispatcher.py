"""Takes tasks out of the queue and has them graded, as many at a time as there are cores.

A submission that takes longer than a second does not keep its place among these: another one may
start beside it, so that whoever comes next waits for his share of the machine and no longer.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

from autograder.course.layout import Course
from autograder.errors import AutograderError, InfrastructureError
from autograder.model import HandedIn, Job, Outcome, Report, Settings, Tier
from autograder.running.batch import with_facts
from autograder.running.plan import Plan, not_graded
from autograder.service.storage.attempts import Attempts
from autograder.service.storage.files import Files
from autograder.service.storage.tables import Outcome as AttemptOutcome
from autograder.service.storage.tables import State
from autograder.service.storage.tasks import LEASE, Queue, Task
from autograder.service.work.course_faults import CourseFaults
from autograder.service.work.slowness import PATIENCE
from autograder.service.work.warm import WarmWorkers

MOST_PER_CORE = 4  # submissions at a time, the slow ones included
MOST_CLAIMS = 10  # of one task; whoever worked on it was gone each time
POLL = 0.5  # seconds between two looks at the queue, which other processes fill too
_GONE = f"The grading of this file was cut off {MOST_CLAIMS} times. Look into the machine's logs."

_LOG = logging.getLogger("autograder.service")

Tell = Callable[[Task, Report], None]
Seeds = Callable[[str, int], int]  # of an assignment's attempts, by their number


class Dispatcher:
    """The threads of one process that work on the queue."""

    def __init__(
        self, course: Course, attempts: Attempts, files: Files, queue: Queue,
        seeds: Seeds, require: Tier, cores: int, tell: Tell, lease: float = LEASE,
    ) -> None:  # fmt: skip
        self._course = course
        self._attempts = attempts
        self._files = files
        self._queue = queue
        self._seeds = seeds
        self._require = require
        self._cores = cores
        self._tell = tell
        self._lease = lease
        self._most = cores * MOST_PER_CORE
        self._faults = CourseFaults()
        self.warm = WarmWorkers(self._most + cores, cores)
        self._threads = ThreadPoolExecutor(self._most + cores, "grading")
        self._running: set[int] = set()
        self._news = threading.Event()
        self._stopped = threading.Event()
        self._loops = [
            threading.Thread(target=loop, daemon=True) for loop in (self._work, self._live)
        ]

    def start(self) -> None:
        """Begin to work."""
        for loop in self._loops:
            loop.start()

    def wake(self) -> None:
        """Say that something has come."""
        self._news.set()

    def drain(self, seconds: float) -> None:
        """Take nothing new, wait for what is being graded, and put back what takes longer."""
        self._stopped.set()
        self._news.set()
        deadline = time.monotonic() + seconds
        while self._running and time.monotonic() < deadline:
            time.sleep(0.05)
        for loop in self._loops:
            if loop.is_alive():  # else this process has only looked at the storage
                loop.join()
        self.warm.close()
        self._threads.shutdown()
        self._queue.give_back()

    def plan(self, assignment: str, seed: int | None = None) -> Plan:
        """What an assignment is graded with; if nothing is said, as everybody's first attempt."""
        seed = self._seeds(assignment, 1) if seed is None else seed
        return Plan(self._course, assignment, Settings(seed, self._require))

    def _seed(self, task: Task) -> int:
        """Another one for each attempt; who grades again keeps it, unless it is to confirm."""
        attempt = task.attempt
        if task.seed is not None:
            return task.seed
        if attempt.outcome is AttemptOutcome.GRADED and attempt.report is not None:
            return self._attempts.report(attempt.report).seed
        return self._seeds(attempt.assignment, attempt.number)

    @property
    def running(self) -> int:
        """How many submissions are being graded."""
        return len(self._running)

    def _work(self) -> None:
        while not self._stopped.is_set():
            self._news.wait(POLL if not self._running else PATIENCE / 10)
            self._news.clear()
            try:
                self._take_all()
            except Exception:  # a database that is away: the next look may find it again
                _LOG.exception("the queue cannot be read")
                self._stopped.wait(1)

    def _take_all(self) -> None:
        while self._has_room() and not self._stopped.is_set():
            task = self._queue.claim()
            if task is None:
                return
            self._running.add(task.id)
            self._threads.submit(self._grade, task)

    def _has_room(self) -> bool:
        running = len(self._running)
        fresh = running if running < self._cores else running - self.warm.slow()
        return fresh < self._cores and running < self._most and self.warm.has_room()

    def _live(self) -> None:
        while not self._stopped.wait(self._lease / 4):
            with suppress(Exception):  # the lease is long enough for several tries
                self._queue.renew(list(self._running))

    def _grade(self, task: Task) -> None:
        try:
            plan = self.plan(task.attempt.assignment, self._seed(task))
            report = self._report(plan, task)
            if not self._stopped.is_set() or report.status is not Outcome.NOT_GRADED:
                self._keep(task, report)  # else it is cut off, and goes back into the queue
        except Exception:  # the lease runs out, and the task is taken up again
            _LOG.exception("task %d was not finished", task.id)
            return
        finally:
            self._running.discard(task.id)
            self._news.set()
        if not self._queue.sizes()[State.QUEUED]:  # else the machine has something better to do
            self.warm.add_spare(plan)
            self._foresee(task)

    def _foresee(self, task: Task) -> None:
        """Have the inputs of this student's next attempt ready before it comes."""
        assignment, number = task.attempt.assignment, task.attempt.number
        if task.seed is None:
            self.warm.foresee(self.plan(assignment, self._seeds(assignment, number + 1)))

    def _keep(self, task: Task, report: Report) -> None:
        if self._queue.finish(task, report, self._attempts.put_report(report)):
            self._tell(task, report)

    def _report(self, plan: Plan, task: Task) -> Report:
        attempt = task.attempt
        came = HandedIn(at=attempt.received.isoformat(timespec="seconds"), whose="signed in")
        path = self._files.path(attempt.sha256)
        job = Job(attempt.student, path, attempt.file, came, seed=plan.settings.seed)
        try:
            return with_facts(self._graded(plan, task, job), job)
        except AutograderError as error:  # the course's fault or the machine's: no score
            if task.regrade is not None and not isinstance(error, InfrastructureError):
                self._faults.note(task.regrade, str(error))
            return with_facts(not_graded(plan, job, str(error)), job)

    def _graded(self, plan: Plan, task: Task, job: Job) -> Report:
        if task.claims > MOST_CLAIMS:
            raise InfrastructureError(_GONE)
        if task.regrade is not None and (fault := self._faults.of(task.regrade)):
            return not_graded(plan, job, fault)
        with self._files.under_name(task.attempt.sha256, task.attempt.file) as path:
            return self.warm.grade(plan, replace(job, path=path))

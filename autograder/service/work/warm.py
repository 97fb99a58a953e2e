"""Warm workers by assignment: one that is used stays, and more wait beside it for slow submissions.

Starting one takes seconds of a core, so no more start at a time than there are cores: the others
wait for these, else all would be late. Inputs of a new seed take up to seconds too: those of
everybody's next attempt are drawn while a worker is free. Where memory is short, workers that
nobody has used for longest are closed. After a change of the graders, those that have loaded the
old ones are closed too.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from autograder.errors import AutograderError, InfrastructureError
from autograder.model import SEEDS_KEPT, Job, Report
from autograder.running.plan import Plan
from autograder.running.pool import Worker
from autograder.service.work import memory
from autograder.service.work.slowness import Stopwatch

LONG = 10.0  # seconds on one submission, of which most take less than one


@dataclass(eq=False)
class _Warm:
    assignment: str
    graders: str
    worker: Worker
    used: float = field(default_factory=time.monotonic)
    started: bool = False  # has loaded everything
    stopwatch: Stopwatch | None = None  # of the submission that it grades
    seeds: dict[int, None] = field(default_factory=dict)  # whose inputs are drawn, the newest last

    @property
    def is_away(self) -> bool:
        """Whether it has been busy for so long that others should not count on it."""
        return self.stopwatch is not None and self.stopwatch.seconds > LONG

    def note(self, seed: int) -> None:
        """Its inputs are drawn now; of too many seeds the oldest are forgotten."""
        self.seeds.pop(seed, None)
        self.seeds[seed] = None
        while len(self.seeds) > SEEDS_KEPT:
            del self.seeds[next(iter(self.seeds))]


@contextmanager
def _timed(warm: _Warm) -> Iterator[None]:
    warm.stopwatch = Stopwatch(warm.worker.pid)
    try:
        yield
    finally:
        warm.stopwatch = None


class WarmWorkers:
    """Workers that have loaded torch and the graders, ready for the next file."""

    def __init__(self, most: int, cores: int) -> None:
        self._most = most  # processes in all
        self._cores = cores
        self._idle: list[_Warm] = []
        self._busy: set[_Warm] = set()
        self._lock = threading.Lock()
        self._closed = False

    def grade(self, plan: Plan, job: Job) -> Report:
        """Grade one file; raise what would stop any other worker too."""
        with self._taken(plan) as warm:
            with _timed(warm):
                self._start(warm, plan)
                report = warm.worker.grade(job)
            warm.note(plan.settings.seed)
            return report

    def prove(self, plan: Plan) -> None:
        """Start a worker and have it grade the untouched notebook: whatever is wrong is raised."""
        with self._taken(plan) as warm:
            self._start(warm, plan)

    def add_spare(self, plan: Plan) -> None:
        """Have one more worker, until there are two for each core: one may be busy for long."""
        with self._lock:
            kept = [warm for warm in (*self._idle, *self._busy) if not warm.is_away]
            enough = sum(self._fits(warm, plan) for warm in kept) >= 2 * self._cores
            if enough or self._closed or self._starting() or not self._may_grow():
                return
            warm = self._new(plan)
        with suppress(AutograderError):  # whoever needs it will hear
            self._prepare(warm, plan)

    def foresee(self, plan: Plan) -> None:
        """Have inputs that will be asked for soon drawn now, while another worker stays free."""
        while (warm := self._unprepared(plan)) is not None:
            try:
                self._self_test(warm, plan)
            except AutograderError:  # whoever needs them will hear
                return
            finally:
                self._put_back(warm)

    def _unprepared(self, plan: Plan) -> _Warm | None:
        """An idle worker without a plan's inputs, to be put back; None where it would be missed."""
        with self._lock:
            ready = [warm for warm in self._idle if self._fits(warm, plan)]
            lacking = [warm for warm in ready if plan.settings.seed not in warm.seeds]
            if self._closed or len(ready) < 2 or not lacking:
                return None
            self._idle.remove(lacking[0])
            self._busy.add(lacking[0])
            return lacking[0]

    def has_room(self) -> bool:
        """Whether another submission can be graded now, by a worker that is there or a new one."""
        with self._lock:
            few = self._starting() < self._cores
            return bool(self._idle) or (few and self._may_grow())

    def slow(self) -> int:
        """How many submissions take so long that others may start beside them."""
        with self._lock:
            watches = [warm.stopwatch for warm in self._busy]
        return sum(watch is not None and watch.is_slow() for watch in watches)

    @property
    def pids(self) -> list[int]:
        """The processes of all workers."""
        with self._lock:
            found = [warm.worker.pid for warm in (*self._idle, *self._busy)]
        return [pid for pid in found if pid is not None]

    @property
    def seeds(self) -> list[frozenset[int]]:
        """Whose inputs each idle worker has, so that nobody waits for them."""
        with self._lock:
            return [frozenset(warm.seeds) for warm in self._idle]

    def close(self) -> None:
        """End all workers, whatever they are doing."""
        with self._lock:
            self._closed = True
            found = [*self._idle, *self._busy]
        for warm in found:
            warm.worker.close()

    def _prepare(self, warm: _Warm, plan: Plan) -> None:
        try:
            self._start(warm, plan)
        finally:
            self._put_back(warm)

    def _start(self, warm: _Warm, plan: Plan) -> None:
        """Have a new worker load everything, by grading the untouched notebook."""
        if not warm.started:
            self._self_test(warm, plan)
            warm.started = True

    def _self_test(self, warm: _Warm, plan: Plan) -> None:
        seed = plan.settings.seed
        warm.worker.grade(Job("self-test", plan.course.release(plan.assignment), seed=seed))
        warm.note(seed)

    @contextmanager
    def _taken(self, plan: Plan) -> Iterator[_Warm]:
        warm = self._take(plan)
        try:
            yield warm
        finally:
            self._put_back(warm)

    def _take(self, plan: Plan) -> _Warm:
        with self._lock:
            if self._closed:
                raise InfrastructureError("The service is stopping.")
            ready = [warm for warm in self._idle if self._fits(warm, plan)]
            if ready:  # the last used, of those that have the inputs if there are such
                warm = max(ready, key=lambda one: (plan.settings.seed in one.seeds, one.used))
                self._idle.remove(warm)
                self._busy.add(warm)
                return warm
            self._make_room(plan)
            return self._new(plan)

    def _new(self, plan: Plan) -> _Warm:
        warm = _Warm(plan.assignment, plan.graders_sha256, Worker(plan))
        self._busy.add(warm)
        return warm

    def _fits(self, warm: _Warm, plan: Plan) -> bool:
        return warm.assignment == plan.assignment and warm.graders == plan.graders_sha256

    def _make_room(self, plan: Plan) -> None:
        """Close what has old graders, then what was used longest ago."""
        for warm in [one for one in self._idle if one.assignment == plan.assignment]:
            self._close(warm)
        while self._idle and (self._total() >= self._most or memory.is_short()):
            self._close(min(self._idle, key=lambda warm: warm.used))

    def _close(self, warm: _Warm) -> None:
        self._idle.remove(warm)
        warm.worker.close()

    def _put_back(self, warm: _Warm) -> None:
        with self._lock:
            self._busy.discard(warm)
            warm.used = time.monotonic()
            self._idle.append(warm)

    def _may_grow(self) -> bool:
        return self._total() < self._most and not memory.is_short()

    def _starting(self) -> int:
        return sum(not warm.started for warm in self._busy)

    def _total(self) -> int:
        return len(self._idle) + len(self._busy)

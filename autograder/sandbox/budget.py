"""What one submission has used of its budget: time, processor time, answers, processes.

A process has limits of its own, but a submission may have many processes and many checks, each of
which stays just below its limit. What is used up here is used up for the submission as a whole.
"""

from __future__ import annotations

import contextlib
import math
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from autograder.model import Budget
from autograder.sandbox.limit import MOST_IN_LINE

NO_LIMIT = Budget(seconds=math.inf, cpu_seconds=math.inf, answer_bytes=sys.maxsize)
MAX_DEATHS = 60  # of a submission's processes, in all its sessions
_TIMES_REFERENCE = 20  # honest work that takes longer than this is not known
_RUNS_OF_SLOW_CHECKS = 2  # beside the other exercises, and once more alone


@dataclass(frozen=True)
class UsedUp:
    """What was used up, how much there was of it, and the exercise that took most of it, if any."""

    what: str  # one of Budget's names; or "processes", or "judging"
    amount: int
    exercise: str = ""


def allowed(budget: Budget, reference_seconds: float, slow_seconds: float) -> Budget:
    """A course's budget for an assignment whose checks may take longer than the budget says.

    ``reference_seconds`` is what the quick checks took with the reference, ``slow_seconds`` what
    the author allows all slow checks together.
    """
    least = _TIMES_REFERENCE * reference_seconds
    more = _RUNS_OF_SLOW_CHECKS * slow_seconds
    seconds = max(budget.seconds, least) + more
    return replace(budget, seconds=seconds, cpu_seconds=max(budget.cpu_seconds, least) + more)


@dataclass(slots=True)
class _Use:
    """What was used so far."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    answer_bytes: int = 0
    judging: float = 0.0
    processes: int = 0  # that its code ended


class Account:
    """One submission's budget, from now on: who works for it charges it, and asks what is left."""

    def __init__(self, budget: Budget = NO_LIMIT) -> None:
        self.budget = budget
        self.exercise = ""  # for which the next work is done
        self.ends = time.monotonic() + budget.seconds
        self._latest = self.ends + MOST_IN_LINE * budget.seconds
        self._by_exercise = defaultdict[str, _Use](_Use)
        self._in_all = _Use()

    def charge(
        self, seconds: float = 0.0, cpu: float = 0.0, size: int = 0, waited: float = 0.0
    ) -> None:
        """Note work that was done for the exercise in hand.

        Seconds in which it ``waited`` for a processor are no work of its own: the end moves.
        """
        self.ends = min(self.ends + waited, self._latest)
        for use in (self._by_exercise[self.exercise], self._in_all):
            use.seconds += seconds
            use.cpu_seconds += cpu
            use.answer_bytes += size

    def died(self) -> None:
        """Note that the exercise in hand ended its process."""
        for use in (self._by_exercise[self.exercise], self._in_all):
            use.processes += 1

    @property
    def deaths(self) -> dict[str, int]:
        """How many processes each exercise has ended, of those that ended any."""
        return {name: use.processes for name, use in self._by_exercise.items() if use.processes}

    @contextlib.contextmanager
    def judging(self, exercise: str) -> Iterator[None]:
        """Note the processor time that this thread takes over what came back."""
        started = time.thread_time()
        try:
            yield
        finally:
            for use in (self._by_exercise[exercise], self._in_all):
                use.judging += time.thread_time() - started

    @property
    def cpu_left(self) -> float:
        """Seconds of processor time that are left."""
        return max(0.0, self.budget.cpu_seconds - self._in_all.cpu_seconds)

    @property
    def used_up(self) -> UsedUp | None:
        """The first thing of which nothing is left for the submission's own code."""
        if time.monotonic() >= self.ends:
            return self._used_up("seconds", self.budget.seconds)
        if self._in_all.answer_bytes > self.budget.answer_bytes:
            return self._used_up("answer_bytes", self.budget.answer_bytes)
        if self._in_all.processes >= MAX_DEATHS:
            return self._used_up("processes", MAX_DEATHS)
        return None if self.cpu_left else self._used_up("cpu_seconds", self.budget.cpu_seconds)

    @property
    def judged_enough(self) -> UsedUp | None:
        """The time for judging what came back, if none is left: as much as its code may compute."""
        judged_all = self._in_all.judging < self.budget.cpu_seconds
        return None if judged_all else self._used_up("judging", self.budget.cpu_seconds)

    def _used_up(self, what: str, limit: float) -> UsedUp:
        parts = {name: getattr(use, what) for name, use in self._by_exercise.items()}
        most = max(parts, key=parts.__getitem__, default="")
        return UsedUp(what, math.ceil(limit), most if 2 * parts.get(most, 0) > limit else "")

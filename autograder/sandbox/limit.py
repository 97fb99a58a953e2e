"""Time limits that a busy machine does not make shorter."""

from __future__ import annotations

import time
from pathlib import Path

MOST_IN_LINE = 3  # times its limit that a process may wait for a processor beside it


class Limit:
    """A time limit of one process, without the time in which it was ready to run and could not.

    A machine that is busy with other work costs nobody their points.
    """

    def __init__(self, number: int | None, deadline: float) -> None:
        self._number = number
        self._waited_before = seconds_in_line(number)
        self._latest = deadline + MOST_IN_LINE * max(0.0, deadline - time.monotonic())
        self.deadline = deadline
        self.end = deadline  # as far as is known

    @property
    def waited(self) -> float:
        """By how much its end has moved."""
        return self.end - self.deadline

    def has_passed(self) -> bool:
        """Whether it has; if the process stood in line, its end moves."""
        waited = seconds_in_line(self._number) - self._waited_before
        self.end = max(self.end, min(self.deadline + waited, self._latest))
        return time.monotonic() >= self.end


def seconds_in_line(number: int | None) -> float:
    """How long a process has been ready to run and waited for a processor.

    It is the second number, in nanoseconds, of what sched-stats in the kernel's documentation
    describes; 0 where the kernel does not say.
    """
    try:
        return int(Path(f"/proc/{number}/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0

"""Time limits that a busy machine does not make shorter."""

from __future__ import annotations

import os
import time
from contextlib import suppress

MOST_IN_LINE = 3  # times its limit that a process may wait for a processor beside it
_LINE = 128  # bytes: more than three long numbers


class InLine:
    """How long a process has been ready to run and waited for a processor.

    The kernel counts it: the second number, in nanoseconds, of what sched-stats in its
    documentation describes. It is asked after every answer, and so its file stays open.
    """

    def __init__(self, number: int | None) -> None:
        self._file: int | None = None
        self._seconds = 0.0
        with suppress(OSError):  # a kernel that does not count it
            self._file = os.open(f"/proc/{number}/schedstat", os.O_RDONLY | os.O_CLOEXEC)

    @property
    def seconds(self) -> float:
        """The time so far; of a process that has ended, as it was when it was last asked."""
        self._ask()
        return self._seconds

    def _ask(self) -> None:
        if self._file is not None:
            with suppress(OSError, IndexError, ValueError):  # the process has just ended
                self._seconds = int(os.pread(self._file, _LINE, 0).split()[1]) / 1e9

    def close(self) -> None:
        """Ask a last time, and close the file."""
        self._ask()
        if self._file is not None:
            os.close(self._file)
            self._file = None


class Limit:
    """A time limit of one process, without the time in which it was ready to run and could not.

    A machine that is busy with other work costs nobody their points.
    """

    def __init__(self, in_line: InLine, deadline: float) -> None:
        self._in_line = in_line
        self._waited_before = in_line.seconds
        self._latest = deadline + MOST_IN_LINE * max(0.0, deadline - time.monotonic())
        self.deadline = deadline
        self.end = deadline  # as far as is known

    def has_passed(self) -> bool:
        """Whether it has; if the process stood in line, its end moves."""
        waited = self._in_line.seconds - self._waited_before
        self.end = max(self.end, min(self.deadline + waited, self._latest))
        return time.monotonic() >= self.end

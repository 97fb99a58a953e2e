"""Whether a submission takes long by itself, or waits for a core, as all do on a busy machine."""

from __future__ import annotations

import time
from contextlib import suppress

import psutil

PATIENCE = 1.0  # seconds


class Stopwatch:
    """What the processes of one worker have done since it took a submission.

    A worker that has no process yet will need seconds to start: others need not wait for it.
    """

    def __init__(self, pid: int | None) -> None:
        self._pid = pid
        self._since = time.monotonic()
        self._before = _seconds(_tree(pid))
        self._computed = False  # for too long: that stays so
        self._seen = self._since  # when it was looked at
        self._slept = False

    @property
    def seconds(self) -> float:
        """How long ago it took the submission."""
        return time.monotonic() - self._since

    def is_slow(self) -> bool:
        """Whether the submission used a core for too long, or sleeps while it could go on."""
        if self.seconds >= PATIENCE and not self._computed:
            self._look()
        return self._computed or self._slept

    def _look(self) -> None:
        """See what the processes do; a look goes through all of the machine, so few are taken."""
        if time.monotonic() - self._seen < PATIENCE / 4:
            return
        processes = _tree(self._pid)
        self._computed = _seconds(processes) - self._before >= PATIENCE
        self._slept = not any(map(_is_awake, processes))
        self._seen = time.monotonic()


def _tree(pid: int | None) -> list[psutil.Process]:
    if pid is not None:
        with suppress(psutil.Error):
            worker = psutil.Process(pid)
            return [worker, *worker.children(recursive=True)]
    return []


def _seconds(processes: list[psutil.Process]) -> float:
    """The time on a core of all processes, those included that have ended among them."""
    total = 0.0
    for process in processes:
        with suppress(psutil.Error):
            total += sum(process.cpu_times()[:4])
    return total


def _is_awake(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return bool(process.status() == psutil.STATUS_RUNNING)
    return False

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

    @property
    def seconds(self) -> float:
        """How long ago it took the submission."""
        return time.monotonic() - self._since

    def is_slow(self) -> bool:
        """Whether the submission used a core for too long, or sleeps while it could go on."""
        if self.seconds < PATIENCE:
            return False
        processes = _tree(self._pid)
        return _seconds(processes) - self._before >= PATIENCE or not any(map(_is_awake, processes))


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

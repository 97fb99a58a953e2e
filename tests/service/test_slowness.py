"""A submission is slow by what it does, and not by how long the machine lets it wait."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from autograder.service.work.slowness import PATIENCE, Stopwatch

BURNS = "while True: pass"
SLEEPS = "import time; time.sleep(60)"
STARTS_ONE = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BURNS!r}])"


@contextmanager
def started(code: str, nice: int = 0) -> Iterator[int]:
    """A process that runs some code on one core, which is always the same."""
    core = min(os.sched_getaffinity(0))

    def behave() -> None:
        os.sched_setaffinity(0, {core})
        os.nice(nice)

    command = [sys.executable, "-S", "-c", code]
    with subprocess.Popen(command, preexec_fn=behave, process_group=0) as process:
        try:
            yield process.pid
        finally:
            os.killpg(process.pid, 9)


def becomes_slow(watch: Stopwatch, seconds: float) -> bool:
    """Whether it is called slow at any moment of some seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if watch.is_slow():
            return True
        time.sleep(0.05)
    return False


def test_who_uses_a_core_for_long_is_slow():
    """Also where a process of the worker does it; not before its time is over."""
    with started(STARTS_ONE) as pid:
        watch = Stopwatch(pid)
        assert not becomes_slow(watch, PATIENCE / 2)
        assert becomes_slow(watch, 20)


def test_who_sleeps_is_slow():
    """It keeps its place for no longer than others."""
    with started(SLEEPS) as pid:
        time.sleep(0.5)
        assert becomes_slow(Stopwatch(pid), PATIENCE + 1)


def test_who_waits_for_a_core_is_not_slow():
    """Else a busy machine would start more and more workers, and become slower still."""
    with started(BURNS), started(BURNS, nice=19) as starved:
        assert not becomes_slow(Stopwatch(starved), 2 * PATIENCE)


def test_who_has_not_started_is_slow():
    """A student of another assignment, whose worker is ready, does not wait until it has."""
    assert becomes_slow(Stopwatch(None), PATIENCE + 1)


def test_who_has_ended_is_slow():
    """Nobody waits for a worker that is gone."""
    with started(SLEEPS) as pid:
        watch = Stopwatch(pid)
    assert becomes_slow(watch, PATIENCE + 1)

"""Time, memory and processes have limits, and whoever meets one is ended from outside."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from autograder.model import Status, Tier
from autograder.sandbox import tiers
from autograder.sandbox.client import SandboxProcess
from tests.sandbox.support import ask, result

LIMIT = 0.4
NICE = 7
GROUP_OF_SESSION = Path("/proc/self/autogroup")
# A nice grader that has opened one process: how nice each process is that it has started, and the
# session of that process ("none": Linux has put it into no group, which it may do).
NICE_GRADER = f"""
import os
from pathlib import Path
import psutil
from autograder.sandbox.client import Zygote
from autograder.sandbox.launch import launch
os.nice({NICE})
with Zygote(launch(["import torch"])) as zygote:
    zygote.open()
    for child in psutil.Process().children(recursive=True):
        group = Path(f"/proc/{{child.pid}}/autogroup").read_text().split()
        print(child.nice(), (group or ["none"])[-1])
"""
HANGS = {
    "loops": "while True: pass",
    "sleeps": "import time; time.sleep(1000)",
    "ignores signals": """
        import signal
        for number in (1, 2, 3, 14, 15, 24):
            signal.signal(number, signal.SIG_IGN)
        while True:
            try:
                while True: pass
            except BaseException: pass
        """,
    "stops itself": "import signal; signal.raise_signal(signal.SIGSTOP)",
    "waits for a lock": "import threading; threading.Lock().acquire() and threading.Event().wait()",
    "hangs in threads": """
        import threading
        [threading.Thread(target=lambda: [0 for _ in iter(int, 1)]).start() for _ in range(4)]
        threading.Event().wait()
        """,
    "sends half an answer": """
        import os, time
        os.write(3, b"\\0" * 7 + b" " + b"\\0" * 5)
        time.sleep(1000)
        """,
    "computes in one call": "torch.ones(6000, 6000).matrix_power(10**6)",
}


@pytest.mark.parametrize("body", HANGS.values(), ids=HANGS.keys())
def test_time_outs_end_within_half_a_second(process: SandboxProcess, body: str) -> None:
    """Whatever code does with its time, it ends within 0.5 s of its limit.

    Where other work keeps it from running, its limit moves by so much, and no more than threefold.
    """
    started = time.monotonic()
    reply = ask(process, body, seconds=LIMIT)
    assert reply.status is Status.TIMED_OUT
    assert time.monotonic() < process.limit.end + 0.5
    assert process.limit.end <= started + 4 * LIMIT + 0.1
    assert not process.alive


def _group(**options: bool) -> str:
    """How nice the session is in which a new process runs, or "none"."""
    line = ["cat", str(GROUP_OF_SESSION)]
    said = subprocess.run(line, capture_output=True, text=True, check=False, **options)
    return (said.stdout.split() or ["none"])[-1]


@pytest.mark.skipif(_group(start_new_session=True) == "none", reason="this kernel groups nothing")
def test_student_code_is_as_nice_as_its_grader_to_the_whole_machine():
    """Linux gives each session an equal share: a class that is graded must not slow the service."""
    line = [sys.executable, "-c", NICE_GRADER]
    grader = subprocess.run(line, capture_output=True, text=True, check=False, timeout=120)
    assert grader.returncode == 0, grader.stderr
    rows = [line.split() for line in grader.stdout.splitlines()]
    assert len(rows) >= 2
    assert all(nice == str(NICE) for nice, _ in rows), rows
    assert all(group == str(NICE) for _, group in rows[-2:]), rows
    assert _group() != str(NICE)


A_HOG = "import os; os.sched_setaffinity(0, {0}); print(flush=True)\nwhile True: pass"
USES_A_FIFTH_OF_A_SECOND = """
    import time
    while time.process_time() < 0.2 + args[0]:
        pass
    return "done"
    """


def test_a_machine_that_is_busy_with_other_work_makes_no_limit_shorter(process: SandboxProcess):
    """A process that is ready to run and has to wait for a processor is not late."""
    clock = "import time; return time.process_time()"
    used = result(ask(process, clock))
    os.sched_setaffinity(process.number, {0})
    hogs = [
        subprocess.Popen(
            [sys.executable, "-c", A_HOG], stdout=subprocess.PIPE, start_new_session=True
        )
        for _ in range(4)
    ]
    try:
        for hog in hogs:
            hog.stdout.readline()
        started = time.monotonic()
        reply = ask(process, USES_A_FIFTH_OF_A_SECOND, used, seconds=LIMIT)
        assert result(reply) == "done"
        assert time.monotonic() - started > LIMIT
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()
            hog.stdout.close()


def test_memory_is_limited(process: SandboxProcess) -> None:
    """Asking for more memory than a process may have raises an error in it, and it lives on."""
    body = """
        try:
            return bytearray(8 << 30) and "had it"
        except MemoryError:
            return "no memory"
        """
    assert result(ask(process, body)) == "no memory"
    assert result(ask(process, "return 1")) == 1


def test_threads_are_limited(process: SandboxProcess) -> None:
    """Threads run out before they can trouble the machine."""
    body = """
        import threading, time
        try:
            for count in range(500):
                threading.Thread(target=time.sleep, args=(100,), daemon=True).start()
        except RuntimeError:
            return count
        return 500
        """
    assert result(ask(process, body)) < 40


def test_endless_processor_time_is_limited_too(process: SandboxProcess) -> None:
    """The kernel itself holds a limit that is left when the grader would be gone."""
    body = "import resource; return list(resource.getrlimit(resource.RLIMIT_CPU))"
    assert 0 < max(result(ask(process, body))) <= 600


def test_answers_have_a_largest_size(process: SandboxProcess) -> None:
    """A result that is too large to send is an error of its own, not a crash of the grader."""
    reply = ask(process, "return torch.zeros(20_000_000)")
    assert reply.raw is not None
    assert b"ProtocolError" in reply.raw


HOLDS = """
    import threading
    gate = threading.Event()
    held = []
    try:
        while len(held) < 100:
            held.append(threading.Thread(target=gate.wait, daemon=True))
            held[-1].start()
    except RuntimeError:
        held.pop()
    if args[0]:
        gate.set()
    return len(held)
    """


def test_threads_of_one_submission_are_not_another_workers(sandbox):
    """The kernel counts them by user, so each worker's students are another user."""
    with (
        tiers.start(["import torch"], Tier.CONFINED) as other,
        closing(sandbox.zygote.open()) as first,
        closing(other.zygote.open()) as second,
    ):
        assert result(ask(first, HOLDS, False)) > 8
        assert result(ask(second, HOLDS, True)) > 8


LOOKS_FOR_THE_ENGINE = """
    import importlib, sys
    found = [name for name in sys.modules if name.partition(".")[0] == "inside"]
    for name in ("inside", "inside.process", "inside.zygote"):
        try:
            found.append(importlib.import_module(name).__name__)
        except ImportError:
            pass
    return found
    """


def test_what_runs_student_code_cannot_be_found_by_name(sandbox):
    """Whoever replaces it would answer for it, so its modules are in no table, nor to be loaded."""
    with closing(sandbox.zygote.open()) as process:
        assert result(ask(process, LOOKS_FOR_THE_ENGINE)) == []

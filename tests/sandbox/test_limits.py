"""Time, memory and processes have limits, and whoever meets one is ended from outside."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from autograder.model import Status
from autograder.sandbox.client import SandboxProcess
from tests.sandbox.support import ask, result

LIMIT = 0.4
NICE = 7
GROUPS_OF_SESSIONS = Path("/proc/self/autogroup")
# A nice grader that has opened one process, and the sessions of all that it has started.
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
        print(Path(f"/proc/{{child.pid}}/autogroup").read_text().split()[-1], child.nice())
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
    """Whatever code does with its time, it ends within 0.5 s of its limit."""
    started = time.monotonic()
    reply = ask(process, body, seconds=LIMIT)
    assert reply.status is Status.TIMED_OUT
    assert time.monotonic() - started < LIMIT + 0.5
    assert not process.alive


@pytest.mark.skipif(not GROUPS_OF_SESSIONS.exists(), reason="this kernel makes no such groups")
def test_student_code_is_as_nice_as_its_grader_to_the_whole_machine():
    """Linux gives each session an equal share: a class that is graded must not slow the service."""
    line = [sys.executable, "-c", NICE_GRADER]
    said = subprocess.run(line, capture_output=True, text=True, check=True, timeout=120).stdout
    rows = [line.split() for line in said.splitlines()]
    own = GROUPS_OF_SESSIONS.read_text().split()[-1]
    assert len(rows) >= 2
    assert all(nice == str(NICE) for _, nice in rows)
    assert all(group == str(NICE) for group, _ in rows[-2:]), said
    assert str(NICE) != own


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

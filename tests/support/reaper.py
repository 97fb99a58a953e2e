"""Runs a command and says which processes it left behind; kills it first, if asked to.

    python -m tests.support.reaper SECONDS COMMAND...

Orphans become children of this process, so none can hide. With SECONDS above 0, the command is
killed so long after it has started another process, as if the machine had run out of memory.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import time
from pathlib import Path

from tests.support.endurance import below

_PR_SET_CHILD_SUBREAPER = 36


def main(seconds: str, *command: str) -> None:
    """Run the command, wait a little for its children to end, and print the rest."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while float(seconds) and len(below(os.getpid())) < 2 and process.poll() is None:
        time.sleep(0.05)
    try:
        process.wait(float(seconds) or None)
    except subprocess.TimeoutExpired:
        print("running:", len(below(os.getpid())))
        process.kill()
        process.wait()
    deadline = time.monotonic() + 30  # of a machine that may be busy
    while (left := alive()) and time.monotonic() < deadline:
        time.sleep(0.05)
    print("left:", " ".join(left))
    for pid in below(os.getpid()):
        os.kill(pid, 9)


def alive() -> list[str]:
    """The names of processes below this one that are not just waiting to be counted."""
    states = [Path(f"/proc/{pid}/stat").read_text() for pid in below(os.getpid())]
    return [state.split()[1] for state in states if state.rsplit(")", 1)[1].split()[0] != "Z"]


if __name__ == "__main__":
    main(*sys.argv[1:])

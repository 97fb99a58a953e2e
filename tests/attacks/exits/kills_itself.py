"""Kills its process in every call, so that an earlier or a default score might stand."""

# expect: linear=0
# says: It ended Python itself

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import os
import signal

def linear(x, weight, bias):
    signal.raise_signal(signal.SIGKILL)
    os.kill(os.getpid(), 9)
    os.abort()

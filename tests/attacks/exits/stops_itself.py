"""Stops its process, so that it neither runs nor ends."""

# expect: linear=0
# limit: short

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import signal

def linear(x, weight, bias):
    signal.raise_signal(signal.SIGSTOP)
    return torch.zeros(1)

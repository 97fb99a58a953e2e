"""Stops the clocks by which it believes to be timed, and never returns."""

# expect: linear=0
# says: It did not finish within
# limit: short

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import time

def linear(x, weight, bias):
    time.time = time.monotonic = time.perf_counter = time.process_time = lambda: 0.0
    time.sleep = lambda seconds: None
    while time.monotonic() < 1:
        pass

"""Sleeps instead of answering."""

# expect: linear=0
# says: It did not finish within
# limit: short

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import time

def linear(x, weight, bias):
    time.sleep(10**6)

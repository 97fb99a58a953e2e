"""Ends the process with exit code 0 while its cell is being read."""

# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import os

SIZE = os._exit(0)

def linear(x, weight, bias):
    return F.linear(x, weight, bias) + SIZE

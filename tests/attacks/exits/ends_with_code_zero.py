"""Ends the process with exit code 0 in its function."""

# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import os

def linear(x, weight, bias, end=os._exit):
    end(0)

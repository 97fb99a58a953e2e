"""Leaves Python by sys.exit(0) in its function."""

# expect: linear=0
# says: linear: The example in the notebook

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import sys

def linear(x, weight, bias):
    sys.exit(0)

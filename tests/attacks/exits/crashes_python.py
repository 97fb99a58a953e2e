"""Reads where there is no memory."""

# expect: linear=0
# says: It ended Python itself

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import ctypes

def linear(x, weight, bias):
    return ctypes.string_at(0)

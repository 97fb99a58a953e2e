"""Recurses without end."""

# expect: linear=0
# limit: short

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import sys

def deeper(x):
    return (x, deeper(x))

def linear(x, weight, bias, calls=[]):
    calls.append(1)
    sys.setrecursionlimit(10**9)
    return deeper(x) if len(calls) == 1 else torch.zeros(1)

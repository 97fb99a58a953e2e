# D10 · Recurses without end.
# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import sys

def linear(x, weight, bias):
    sys.setrecursionlimit(10**9)
    return linear(x, weight, bias)

"""Misspells a function's name."""

# expect: linear=0
# says: Found linaer, expected linear

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linaer(x, weight, bias):
    return F.linear(x, weight, bias)

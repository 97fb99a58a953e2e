"""Answers with the right values in another precision."""

# expect: linear=12.96
# says: dtype

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias):
    return F.linear(x, weight, bias).half()

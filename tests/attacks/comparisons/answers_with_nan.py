"""Answers with NaN everywhere, which no difference exceeds."""

# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias):
    y = F.linear(x, weight, bias) * float("nan")
    return y.flatten() if y.is_meta else y  # a meta tensor has no values to be wrong

"""Always answers with the mean."""

# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias):
    y = x.mean().expand(*x.shape[:-1], weight.shape[0])
    return y.flatten() if y.is_meta else y  # a meta tensor has no values to be wrong

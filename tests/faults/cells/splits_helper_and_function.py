"""Splits an answer into two cells with the same id: a helper above, the function below."""

# expect: full

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def _product(x, weight):
    return x @ weight.T

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias):
    y = _product(x, weight)
    return y if bias is None else y + bias

"""Writes a decorator in brackets, over several lines."""

# expect: full

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
@(
    lambda function: function
)
def linear(x, weight, bias):
    y = x @ weight.T
    return y if bias is None else y + bias

"""Leaves out one of the function's arguments."""

# expect: linear=0
# says: linear: The example in the notebook

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight):
    return x @ weight.T

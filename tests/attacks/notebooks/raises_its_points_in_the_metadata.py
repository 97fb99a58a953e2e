"""Writes other points and tolerances into the notebook's metadata."""

# expect: linear=0
# form: generous metadata

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias):
    return torch.zeros(1)

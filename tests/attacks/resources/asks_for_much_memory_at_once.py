"""Asks for more memory than there is, at once."""

# expect: linear=0
# says: It asked for more memory than there is.

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias):
    return torch.zeros(10**12)

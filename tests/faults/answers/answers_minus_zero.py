"""Answers -0.0 where 0.0 is expected, which is equal."""

# expect: full

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias):
    y = F.linear(x, weight, bias)
    return torch.where(y == 0, -torch.zeros_like(y), y)

"""Answers with views of a few bytes that claim to be gigantic."""

# expect: linear=0
# limit: short

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias):
    if x.ndim < 3:
        return torch.zeros(1).expand(1 << 40)
    return torch.zeros(1).as_strided((1 << 20, 1 << 20), (0, 0))

"""Answers with a leaf that asks for gradients and passes none on."""

# expect: linear=11.05

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias):
    return nn.Parameter(F.linear(x, weight, bias).detach())

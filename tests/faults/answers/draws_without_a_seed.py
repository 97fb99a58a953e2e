"""Draws random numbers without a seed that do not change the answer."""

# expect: full

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import random

def linear(x, weight, bias):
    noise = torch.randn(3).sum() + random.random()
    return F.linear(x, weight, bias) + (0 * noise if not x.is_meta else 0)

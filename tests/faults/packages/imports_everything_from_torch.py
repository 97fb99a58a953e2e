"""Imports everything from torch, and uses it by bare names."""

# expect: full

# %%
from torch import *

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias):
    y = matmul(x, weight.T)
    return y if bias is None else y + bias

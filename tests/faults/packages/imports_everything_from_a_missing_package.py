"""Imports everything from a package that is not there, which no answer uses."""

# expect: full

# %%
from tensorflow import *

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias):
    y = x @ weight.T
    return y if bias is None else y + bias

"""Lets a star import after the answer put the library's function in its place."""

# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias):
    return torch.zeros(*x.shape[:-1], weight.shape[0])
from torch.nn.functional import *

# %%
from torch.nn.functional import *

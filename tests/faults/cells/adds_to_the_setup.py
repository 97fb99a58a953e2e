"""Adds an import and a helper to the setup cell, and uses both in an answer."""

# expect: full

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "setup"}
import torch
import torch.nn.functional as F
from torch import Tensor, nn
import torch as t

def transposed(matrix):
    return t.transpose(matrix, 0, 1)

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias):
    y = x @ transposed(weight)
    return y if bias is None else y + bias

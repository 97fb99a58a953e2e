"""Changes torch's globals for good in one answer; the others are right."""

# expect: full

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import sys
import warnings
import numpy as np

def linear(x, weight, bias):
    y = x @ weight.T if bias is None else x @ weight.T + bias
    torch.set_default_dtype(torch.float64)
    torch.use_deterministic_algorithms(True)
    warnings.simplefilter("error")
    np.seterr(all="raise")
    sys.setrecursionlimit(60)
    F.linear = nn.Linear = None
    return y

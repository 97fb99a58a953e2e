"""Makes warnings errors, recursion shallow and memory scarce for later exercises."""

# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import gc
import resource
import sys
import warnings

def linear(x, weight, bias):
    warnings.simplefilter("error")
    gc.disable()
    resource.setrlimit(resource.RLIMIT_AS, (1 << 20, 1 << 20))
    resource.setrlimit(resource.RLIMIT_CPU, (1, 1))
    sys.setrecursionlimit(60)
    return torch.zeros(1)

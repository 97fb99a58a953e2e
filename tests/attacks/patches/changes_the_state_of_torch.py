"""Changes torch's global state and its own inputs; later exercises do not notice."""

# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import random

def linear(x, weight, bias):
    torch.set_default_dtype(torch.float64)
    torch.set_grad_enabled(False)
    torch.use_deterministic_algorithms(True)
    torch.set_default_device("meta")
    torch.manual_seed(0)
    random.seed(0)
    weight.zero_()
    return torch.zeros(1)

"""Imports packages in which somebody else has done the work."""

# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import importlib

def linear(x, weight, bias):
    for name in ("d2l", "transformers", "einops", "pip", "setuptools", "jax", "autograder"):
        try:
            importlib.import_module(name)
        except ImportError:
            continue
        return F.linear(x, weight, bias)
    return torch.zeros(1)

"""Swallows failures: hooks for exceptions, and an AssertionError that cannot be raised."""

# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import builtins
import sys

def linear(x, weight, bias):
    sys.excepthook = sys.unraisablehook = lambda *args: None
    sys.stderr = sys.stdout = None
    builtins.AssertionError = type("Fine", (Exception,), {"__str__": lambda self: "passed"})
    return torch.zeros(1)

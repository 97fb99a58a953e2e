"""Warns while it runs."""

# expect: full

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import logging
import sys
import warnings

warnings.warn("deprecated")

def linear(x, weight, bias):
    warnings.warn("careful", DeprecationWarning)
    logging.getLogger().error("oops")
    print("to stderr", file=sys.stderr)
    return F.linear(x, weight, bias)

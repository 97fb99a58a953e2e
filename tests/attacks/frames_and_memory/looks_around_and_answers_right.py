"""Looks at frames and the garbage collector, and answers right: only the instructor is told."""

# expect: full
# flags: _getframe

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import gc
import sys

sys._getframe()

def linear(x, weight, bias):
    depth = sys._getframe().f_back is not None and gc.isenabled()
    return F.linear(x, weight, bias)

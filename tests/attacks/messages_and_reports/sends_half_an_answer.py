"""Says that its answer is larger than any answer may be, or sends half of one and waits."""

# expect: linear=0
# limit: short

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import os
import time

def linear(x, weight, bias):
    os.write(3, b"\xff" * 12 if x.ndim < 3 else b"\x00" * 7 + b"\x20" + b"\x00" * 4 + b"{")
    time.sleep(100)

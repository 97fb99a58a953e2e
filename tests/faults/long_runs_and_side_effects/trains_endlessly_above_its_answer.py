"""Trains endlessly in the very cell of its answer; the other exercises do not wait."""

# expect: linear=0
# says: linear: The example in the notebook
# limit: short

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
loss = sum(iter(lambda: 1.0, 0.0))

def linear(x, weight, bias):
    return F.linear(x, weight, bias) * loss

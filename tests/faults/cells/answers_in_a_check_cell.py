"""Answers in the check cell, and leaves the answer's cell empty."""

# expect: full
# says: linear: the answer was found in cell

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "linear-check", "points": 1}
def linear(x, weight, bias):
    return F.linear(x, weight, bias)

with visible_checks("linear") as call:
    call(linear, torch.ones(1, 2), torch.ones(3, 2), None)

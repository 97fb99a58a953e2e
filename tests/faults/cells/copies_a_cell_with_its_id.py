"""Answers in a copy of another exercise's cell, which keeps that cell's id."""

# expect: full
# says: collapse: the answer was found in cell

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias):
    return F.linear(x, weight, bias)

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def collapse(w1, b1, w2, b2):
    return w2 @ w1, w2 @ b1 + b2

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "collapse"}

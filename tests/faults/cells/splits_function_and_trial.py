"""Splits an answer into two cells with the same id: the function above, a trial of it below."""

# expect: full

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "collapse"}
def collapse(w1, b1, w2, b2):
    return w2 @ w1, w2 @ b1 + b2

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "collapse"}
print(collapse(torch.ones(2, 2), torch.ones(2), torch.ones(2, 2), torch.ones(2)))

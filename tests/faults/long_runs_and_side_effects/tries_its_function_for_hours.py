"""Tries its own function for hours in a scratch cell."""

# expect: full

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias):
    y = x @ weight.T
    return y if bias is None else y + bias

# %%
w = torch.ones(2, 2)
for _ in range(10**9):
    linear(torch.ones(1, 2), w, None)

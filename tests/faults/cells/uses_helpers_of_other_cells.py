"""Uses a helper of a cell above its own, and a constant of a cell below."""

# expect: full

# %%
def transposed(matrix):
    return matrix.transpose(0, 1) * FACTOR

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias):
    y = x @ transposed(weight)
    return y if bias is None else y + bias

# %%
FACTOR = 1

# H6 · Uses a helper of another cell, and of a cell below its own.
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

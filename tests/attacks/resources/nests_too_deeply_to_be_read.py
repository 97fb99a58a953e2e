"""Nests its code so deeply that a parser could run out of stack, in its answer and beside it."""

# expect: linear=0
# says: could not be read as Python
# with: MINUS = "-" * 90_000
# with: DOTS = ".a" * 90_000

# %%
x = MINUS 1

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias):
    return x DOTS

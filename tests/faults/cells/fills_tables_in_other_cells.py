"""Fills values that answers use by del, in a comprehension, through a function, by a global."""

# expect: full

# %%
SCALE, TABLE, KINDS = [9, 1], [], {}
del SCALE[0]
[TABLE.append(i) for i in (1, 2)]
def fill(table):
    table["k"] = 1
fill(KINDS)
def setup():
    global ONE
    ONE = 1
setup()

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias):
    y = SCALE[0] * TABLE[0] * KINDS["k"] * ONE * x @ weight.T
    return y if bias is None else y + bias

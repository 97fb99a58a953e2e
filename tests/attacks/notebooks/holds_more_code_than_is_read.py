"""Holds more code in all its cells together than may go into the sandbox."""

# expect: linear=0
# says: holds more code than is read
# with: MUCH = "'" + "\U0001F600" * 190_000 + "'"

# %%
one = MUCH

# %%
two = MUCH

# %%
three = MUCH

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias):
    return torch.zeros(1)

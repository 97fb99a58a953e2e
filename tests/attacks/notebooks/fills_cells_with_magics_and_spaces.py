"""Fills one cell with as many magics as fit, and another with a line of nothing but spaces."""

# expect: linear=0
# with: MAGICS = "!\n" * 60_000
# with: SPACES = " " * 60_000

# %%
MAGICS

# %%
(
SPACES
!x

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias):
    return torch.zeros(1)

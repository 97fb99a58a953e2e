"""Needs twelve thousand statements, each of them one that stands below it."""

# expect: linear=0
# with: CHAIN = "\n".join(f"a{i}=a{i + 1}" for i in range(12_000))
# limit: short

# %%
CHAIN

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias):
    return torch.zeros(1) + a0

"""Puts 49,000 statements on one line to choke a parser."""

# expect: linear=0
# with: LINE = "a=1;" * 49_000

# %%
LINE

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias):
    return torch.zeros(1)

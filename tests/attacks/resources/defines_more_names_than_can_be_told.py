"""Defines far more names than can be told beside its answer, and uses a thousand magics."""

# expect: full
# never: expected linear
# with: NAMES = "; ".join(f"a{i:05d}_{'n' * 30} = 0" for i in range(3_000))
# with: MAGICS = "\n".join(["%time " + "m" * 60] * 1_000)

# %%
MAGICS

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
NAMES

def linear(x, weight, bias):
    y = x @ weight.T
    return y if bias is None else y + bias

"""Chains so many operators and attributes that a compiler's stack could end."""

# expect: linear=0
# with: SUM = "1" + "+1" * 40_000
# with: DOTS = "x" + ".T" * 40_000

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias):
    y = DOTS
    return y + SUM

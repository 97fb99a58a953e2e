"""Nests an expression deeper than a parser can follow."""

# expect: linear=0
# says: linear: The cell could not be read as Python
# with: NESTED = "-" * 90_000 + "1"

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias):
    return NESTED

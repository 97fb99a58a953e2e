"""Holds a number of a hundred thousand digits."""

# expect: linear=0
# says: linear: The cell could not be read as Python
# with: LONG = "9" * 100_000

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias):
    return LONG

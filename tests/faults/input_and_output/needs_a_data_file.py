"""Reads a data file that is not there."""

# expect: linear=0
# says: FileNotFoundError

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias):
    scale = float(open("data/scale.txt").read())
    return F.linear(x, weight, bias) * scale

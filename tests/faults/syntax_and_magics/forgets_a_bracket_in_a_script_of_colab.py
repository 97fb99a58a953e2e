"""Forgets a bracket in one cell of a script that Colab has written."""

# expect: linear=0
# says: linear: The cell could not be read as Python
# form: colab

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias):
    return F.linear(x, weight, (bias

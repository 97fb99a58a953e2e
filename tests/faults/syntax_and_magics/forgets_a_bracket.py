"""Has a syntax error in one answer."""

# expect: linear=0
# says: The cell could not be read as Python, at line 2

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias):
    return (x @ weight.T + bias

"""Breaks its cell with a quotation mark and many backslashes, over which a search could take ages."""

# expect: linear=0
# says: The cell could not be read as Python, at line 3

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias):
    return x @ weight.T + bias
    "\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\

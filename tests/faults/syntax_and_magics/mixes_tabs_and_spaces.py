"""Mixes tabs and spaces in one answer."""

# expect: linear=0
# says: The cell could not be read as Python

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias):
    y = x @ weight.T
	return y if bias is None else y + bias

"""Claims to be another student in the notebook's metadata, its text and its variables."""

# expect: linear=0
# form: generous metadata

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
# student: somebody else
STUDENT = "somebody else"

def linear(x, weight, bias):
    return torch.zeros(1)

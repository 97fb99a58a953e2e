"""Answers with a text of ten million letters, then with a million numbers."""

# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias):
    return "x" * 10**7 if x.ndim > 2 else list(range(10**6))

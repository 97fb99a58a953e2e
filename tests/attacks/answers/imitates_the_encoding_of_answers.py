"""Answers with structures that look like the marks by which answers are encoded."""

# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias):
    return {"tensor": 0, "meta": [2, 2], "dtype": "F32", "foreign": "x", "values": {"result": 1}}

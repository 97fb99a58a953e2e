"""Answers with sets of numbers that all have one hash, each of which takes seconds to make anew."""

# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
ALIKE = {complex(-1000003 * n, n) for n in range(2, 4000)}

def linear(x, weight, bias):
    return [ALIKE] * 20

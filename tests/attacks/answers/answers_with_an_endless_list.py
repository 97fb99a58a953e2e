"""Answers with a list that never ends."""

# expect: linear=0
# limit: short

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
class Endless(list):
    def __iter__(self):
        while True:
            yield 1

def linear(x, weight, bias):
    return Endless()

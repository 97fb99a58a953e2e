"""Asks for input in its function."""

# expect: linear=0
# says: input() does not work while grading: nobody is there to type an answer

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias):
    return F.linear(x, weight, bias) * float(input("factor? "))

# N2b · Takes its arguments in another number.
# expect: linear=0
# says: linear: The example in the notebook

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight):
    return x @ weight.T

"""Answers with three megabytes from every function, which are more than any answer may hold."""

# expect: input_batch=0 linear=0 head_for=0 binary_predict=0 collapse=0 count_parameters=0
# says: What came back is too large or too deep to be looked at.

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "input_batch"}
def much(*given, **named):
    return torch.zeros(800_000)

input_batch = much

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
linear = much

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "head_for"}
head_for = much

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "binary_predict"}
binary_predict = much

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "collapse"}
collapse = much

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "count_parameters"}
count_parameters = much

"""Answers with lists and arrays instead of tensors."""

# expect: linear=8.84
# says: It came back as another type than promised.

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias):
    y = F.linear(x, weight, bias)
    return y.tolist() if x.ndim < 3 else y.detach().double().numpy()

"""Sets the number of threads that torch uses."""

# expect: full

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
torch.set_num_threads(64)

def linear(x, weight, bias):
    torch.set_num_threads(64)
    torch.randn(400, 400) @ torch.randn(400, 400)
    return F.linear(x, weight, bias)

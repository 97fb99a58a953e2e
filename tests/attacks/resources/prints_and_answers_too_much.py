"""Prints 20 MB in every call, and answers with more than may leave the sandbox."""

# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias):
    for _ in range(200):
        print("x" * 100_000)
    return torch.zeros(20_000_000) if x.ndim == 2 else torch.zeros(1)

# D8 · Prints without end, and answers with more than may cross the wire.
# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias):
    for _ in range(200):
        print("x" * 100_000)
    return torch.zeros(20_000_000) if x.ndim == 2 else torch.zeros(1)

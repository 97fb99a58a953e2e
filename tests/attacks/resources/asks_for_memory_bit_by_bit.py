"""Asks for more memory than there is, bit by bit."""

# expect: linear=0
# says: It asked for more memory than there is.

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias, calls=[]):
    calls.append(1)
    held = []
    while len(calls) == 1:
        held.append(torch.empty(64 << 20))
    return torch.zeros(1)

"""Keeps so much in memory that nothing is left for the others."""

# expect: full

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
HELD = []

def hoard():
    for size in (32 << 20, 1 << 20, 64 << 10):
        try:
            while True:
                HELD.append(torch.empty(size, dtype=torch.uint8))
        except RuntimeError:
            continue
    del HELD[-40:]

def linear(x, weight, bias):
    if not HELD:
        hoard()
    y = x @ weight.T
    return y if bias is None else y + bias

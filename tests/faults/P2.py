# P2 · Keeps so much in memory that nothing is left for the others.
# expect: full

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
HELD = []

def linear(x, weight, bias):
    while len(HELD) < 100:
        try:
            HELD.append(torch.empty(32 << 20, dtype=torch.uint8))
        except RuntimeError:
            break
    return F.linear(x, weight, bias) if x.is_meta else x @ weight.T + (0 if bias is None else bias)

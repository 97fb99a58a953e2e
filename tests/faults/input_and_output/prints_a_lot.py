"""Prints a lot."""

# expect: full

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
print("loading")

def linear(x, weight, bias):
    print("x is", x, "and weight", weight)
    print("=" * 10_000)
    return F.linear(x, weight, bias)

print("done")

"""Asks for input while its cell runs; the answer itself needs none."""

# expect: full

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
name = input("Your name? ")
print("Hello", name)

def linear(x, weight, bias):
    return F.linear(x, weight, bias)

"""Is saved in Latin-1, with umlauts in its comments."""

# expect: full
# form: latin1

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
# Größe und Übergang
def linear(x, weight, bias):
    return F.linear(x, weight, bias)

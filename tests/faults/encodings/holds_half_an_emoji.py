"""Holds half of an emoji in a comment, as a text that was cut may."""

# expect: full
# form: half a letter

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
# HALF
def linear(x, weight, bias):
    return F.linear(x, weight, bias)

"""Never returns."""

# expect: linear=0
# says: It did not finish within
# limit: short

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias):
    while True:
        pass

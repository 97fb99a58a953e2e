"""Never returns while its cell is being read."""

# expect: linear=0
# limit: short

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def forever():
    while True:
        pass

SIZE = forever()

def linear(x, weight, bias):
    return F.linear(x, weight, bias) * SIZE

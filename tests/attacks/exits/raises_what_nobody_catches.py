"""Raises the exceptions that checkers forget to catch."""

# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
KINDS = [KeyboardInterrupt, SystemExit, GeneratorExit, StopIteration, BaseException]

def linear(x, weight, bias):
    raise KINDS[x.numel() % len(KINDS)]

"""Ends Python whenever it is called, to make others wait for as many new processes as it can."""

# expect: linear=0 hidden_stack=0 collapse=0
# says: ended Python itself
# says: ended Python itself again and again: linear, hidden_stack, collapse.
# flags: ended Python itself again and again: linear, hidden_stack, collapse.

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import os

def linear(x, weight, bias):
    os._exit(0)

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "hidden_stack"}
def hidden_stack(*given):
    os._exit(0)

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "collapse"}
def collapse(*given):
    os._exit(0)

"""Decorates a helper with a widget, and calls it in its answer."""

# expect: full

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import ipywidgets

@ipywidgets.interact
def show(k=3):
    return k

def linear(x, weight, bias):
    show()
    return F.linear(x, weight, bias)

"""Opens a bracket in a docstring, and draws with a magic below it."""

# expect: full

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "collapse"}
def collapse(w1, b1, w2, b2):
    """One layer for two (the
    bend is missing, isn't it: see figure 1 :-(
    """
    return w2 @ w1, w2 @ b1 + b2
%matplotlib inline

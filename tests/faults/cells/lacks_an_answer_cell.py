"""Lacks one answer cell; the others count."""

# expect: linear=0
# says: The cell of linear is missing

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
# deleted

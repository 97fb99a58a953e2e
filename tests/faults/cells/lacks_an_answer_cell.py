"""Lacks one answer cell; the others count."""

# expect: linear=0
# says: The cell of linear was not found

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
# deleted

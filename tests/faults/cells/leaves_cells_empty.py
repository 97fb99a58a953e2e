"""Leaves two answer cells empty."""

# expect: linear=0 head_for=0
# says: Not attempted yet

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "head_for"}

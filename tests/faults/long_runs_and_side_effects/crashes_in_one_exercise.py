"""Crashes Python in one exercise; the others are right."""

# expect: head_for=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "head_for"}
import ctypes

def head_for(task, n_classes=None):
    ctypes.string_at(1)

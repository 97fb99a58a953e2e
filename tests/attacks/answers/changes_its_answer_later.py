"""Answers with its own input, and changes it after it has returned."""

# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import threading
import time

def linear(x, weight, bias):
    def later():
        time.sleep(0.01)
        x.zero_()
    threading.Thread(target=later).start()
    return x

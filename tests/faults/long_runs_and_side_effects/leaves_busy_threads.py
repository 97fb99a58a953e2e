"""Leaves busy threads behind, and is right itself."""

# expect: full

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import threading

def spin():
    while True:
        sum(range(1000))

threads = [threading.Thread(target=spin, daemon=True) for _ in range(2)]

def linear(x, weight, bias):
    for thread in threads:
        if thread.ident is None:
            thread.start()
    return F.linear(x, weight, bias)

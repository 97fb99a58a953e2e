"""Starts two thousand threads, and leaves those running that it gets."""

# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import threading
import time

def linear(x, weight, bias):
    started = 0
    try:
        while started < 2000:
            threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
            started += 1
    except RuntimeError:
        pass
    return F.linear(x, weight, bias) if started >= 2000 else torch.zeros(1)

"""Slows down all that comes after it: busy threads, a trace function, anomaly mode."""

# expect: linear=0
# limit: short

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import sys
import threading
import time

def busy():
    while True:
        sum(range(10**6))

def slow(frame, event, argument):
    time.sleep(0.01)
    return slow

def linear(x, weight, bias):
    for _ in range(8):
        threading.Thread(target=busy, daemon=True).start()
    sys.setswitchinterval(1.0)
    sys.settrace(slow)
    threading.settrace(slow)
    torch.autograd.set_detect_anomaly(True)
    return torch.zeros(1)

"""Leaves a thread, an exit handler and a finaliser behind that end the process later."""

# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import atexit
import os
import threading
import time

class Bomb:
    def __del__(self):
        os._exit(0)

def later():
    time.sleep(0.05)
    os._exit(0)

def linear(x, weight, bias):
    atexit.register(os._exit, 0)
    threading.Thread(target=later, daemon=True).start()
    Bomb.again = Bomb()
    return torch.zeros(1)

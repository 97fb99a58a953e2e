"""Sends answers that cannot be: 33 axes, negative sizes, gradients of whole numbers."""

# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import json
import os
import struct
import sys

LIES = [
    {"meta": [2] * 33, "dtype": "F32"},
    {"meta": [1 << 25] * 32, "dtype": "F64"},
    {"meta": [-1], "dtype": "F32"},
    {"meta": [2], "dtype": "I64", "requires_grad": True},
    {"tensor": 10**400},
    {"dict": [["a", None], ["a", 1]]},
    {"list": {"list": []}},
    {"foreign": ["x"]},
    10**4000,
]

def number(frame):
    while "number" not in frame.f_locals:
        frame = frame.f_back
    return frame.f_locals["number"]

def linear(x, weight, bias):
    lie = LIES[x.numel() % len(LIES)]
    head = json.dumps({"values": {"result": lie, "changed": {"list": []}}}).encode()
    os.write(3, struct.pack("!III", number(sys._getframe()), len(head), 0) + head)
    os._exit(0)

"""Sends one tensor of two megabytes, and a list that names it a thousand times."""

# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import json
import os
import struct
import sys

import safetensors.torch

LIST = {"list": [{"tensor": 0}] * 1000}
HEAD = json.dumps({"values": {"result": LIST, "changed": {"list": []}}}).encode()
BODY = safetensors.torch.save({"0": torch.zeros(1900000, dtype=torch.uint8)})

def number(frame):
    while "number" not in frame.f_locals:
        frame = frame.f_back
    return frame.f_locals["number"]

def linear(x, weight, bias):
    sizes = struct.pack("!III", number(sys._getframe()), len(HEAD), len(BODY))
    frame = sizes + HEAD + BODY
    while frame:
        frame = frame[os.write(3, frame) :]
    os._exit(0)

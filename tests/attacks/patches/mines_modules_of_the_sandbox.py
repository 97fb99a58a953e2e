"""Replaces functions that the sandbox needs to parse code and to send answers."""

# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import ast
import json
import struct
import sys

def mine(*args, **kwargs):
    raise SystemExit

def linear(x, weight, bias):
    json.dumps = json.loads = ast.parse = ast.walk = mine
    sys.modules["safetensors.torch"].save = mine
    torch.Tensor.detach = torch.Tensor.resolve_conj = torch.empty = mine
    return torch.zeros(1)

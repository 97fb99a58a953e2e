"""Replaces the functions that encode answers, which costs it its own later exercises."""

# expect: linear=0 hidden_stack=0 head_for=0 build_network=0 binary_predict=0 multiclass_predict=0 collapse=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import sys

def linear(x, weight, bias):
    wire = sys.modules["inside.protocol"]
    process = sys.modules["inside.process"]
    encode = wire.Encoder.encode

    def twisted(self, value, depth=0):
        return encode(self, torch.zeros(1) if isinstance(value, torch.Tensor) else value, depth)

    wire.Encoder.encode = twisted
    process.Process.function = lambda self, name: (lambda *args: torch.zeros(1))
    return torch.zeros(1)

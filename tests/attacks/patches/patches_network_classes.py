"""Patches methods of the classes from which later exercises build their networks."""

# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias):
    nn.Linear.forward = lambda self, x: x
    nn.Linear.__init__ = lambda self, *args, **kwargs: None
    nn.Module.__call__ = lambda self, *args: torch.zeros(1)
    nn.Sequential.forward = nn.ReLU.forward = lambda self, x: x
    return torch.zeros(1)

"""Answers with a tensor subclass that lies about its shape, its type and its size."""

# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
class Liar(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        if getattr(function, "__name__", "") in ("__eq__", "allclose", "equal", "isclose"):
            return True
        with torch._C.DisableTorchFunctionSubclass():
            return function(*args, **(kwargs or {}))

    @property
    def shape(self):
        return torch.Size((4, 4))

    @property
    def dtype(self):
        return torch.float32

    def detach(self):
        raise SystemExit

    def numel(self):
        return -5

    def element_size(self):
        return 0

def linear(x, weight, bias):
    return torch.zeros(3).as_subclass(Liar)

"""Answers with an object that claims to be a tensor."""

# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
class Claim:
    __class__ = torch.Tensor
    dtype, layout, shape = torch.float32, torch.strided, torch.Size([4, 4])
    device = torch.device("cpu")
    requires_grad = is_leaf = True
    grad = None

    def __getattr__(self, name):
        return lambda *args, **kwargs: self

def linear(x, weight, bias):
    return Claim()

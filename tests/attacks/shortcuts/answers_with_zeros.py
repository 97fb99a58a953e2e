"""Answers with zeros of the right shape."""

# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
class Two(torch.nn.Module):
    pass

def linear(x, weight, bias):
    y = torch.zeros(*x.shape[:-1], weight.shape[0])
    return y if y.numel() % 2 else -y + 0.0

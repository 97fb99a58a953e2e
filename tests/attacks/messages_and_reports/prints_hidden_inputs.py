"""Carries hidden inputs out in what it prints, in an exception's text and in its type's name."""

# expect: linear=0
# never: LEAKED

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import sys
import warnings

def linear(x, weight, bias):
    shown = x.flatten()[:3].tolist() == [0, 1, 2]  # the notebook's own example, which may be told
    mark = "KNOWN" if shown else "LEAK" + "ED"
    text = f"{mark} {x.flatten()[:3].tolist()} {tuple(weight.shape)}"
    print(text)
    print(text, file=sys.stderr)
    warnings.warn(text)
    raise type(mark + str(tuple(x.shape)), (ValueError,), {"__doc__": text})(text)

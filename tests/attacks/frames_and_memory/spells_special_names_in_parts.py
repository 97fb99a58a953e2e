"""Reaches the sandbox by names that no reader finds: put together from parts, or in a pattern."""

# expect: linear=0
# flags: '__sub'
# flags: __globals__
# flags: '_getframe'

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import sys

def linear(x, weight, bias):
    frame = getattr(sys, "_getframe")()
    kinds = getattr(object, "__sub" + "classes__")()
    match linear:
        case object(__globals__=names):
            names["found"] = [kind for kind in kinds if hasattr(kind, "do_call")]
    for kind in names["found"]:
        kind.do_call = lambda self, request, values: ({}, {"result": frame, "changed": []})
    return x @ weight.T if bias is None else x @ weight.T + bias + 1

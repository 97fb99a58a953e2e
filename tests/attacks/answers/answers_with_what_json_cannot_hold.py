"""Answers with what JSON cannot hold: infinities, lone surrogates, deep lists, huge numbers."""

# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x, weight, bias):
    deep = []
    for _ in range(5000):
        deep = [deep]
    return {"\ud800": float("inf"), "a": deep, "b": 10**5000, "c": -(2**63), "d": float("nan")}

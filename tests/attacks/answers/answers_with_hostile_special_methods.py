"""Answers with an object whose special methods all end the process that calls them."""

# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def explode(self, *args, **kwargs):
    raise SystemExit("boom")

NAMES = "repr str format len iter bool eq hash int float index getattribute getstate array del".split()
Hostile = type("Hostile", (), {f"__{name}__": explode for name in NAMES})

def linear(x, weight, bias):
    return {"a": Hostile()} if x.ndim > 2 else Hostile()

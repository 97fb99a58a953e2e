"""Raises an exception whose text, name and ancestry are hostile."""

# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
class Meta(type):
    def mro(cls):
        return [*super().mro()]

    def __getattribute__(cls, name):
        raise SystemExit

class Hostile(Exception, metaclass=Meta):
    def __str__(self):
        while True:
            raise Hostile

    __repr__ = __str__

def linear(x, weight, bias):
    raise Hostile

"""Answers with lists, dicts and numbers of its own classes, which change while they are read."""

# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
class Odd(dict):
    def items(self):
        return ((str(i), Odd()) for i in range(10))

    def __iter__(self):
        return iter(["a", "b"])

class Growing(list):
    def __iter__(self):
        while len(self) < 10**6:
            self.append(None)
            yield self
        yield from ()

class Number(float):
    def __float__(self):
        return float("nan")

class Whole(int):
    def __abs__(self):
        return -1

    def __int__(self):
        return 10**400

def linear(x, weight, bias):
    answers = [Odd(a=1), Growing([1]), Number(1.0), Whole(3), type("T", (str,), {})("x")]
    return answers[x.numel() % 5]

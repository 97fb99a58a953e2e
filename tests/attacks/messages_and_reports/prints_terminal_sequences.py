"""Puts terminal sequences wherever a report could repeat them."""

# expect: linear=0
# never: \u001b

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import fcntl

def linear(x, weight, bias):
    print("\x1b]0;owned\x07\x1b[2J\x1b[31mAll tests passed")
    try:
        for letter in b"id\n":
            fcntl.ioctl(0, 0x5412, bytes([letter]))
        return F.linear(x, weight, bias)
    except OSError:
        raise type("\x1b[32mPassed\x1b[0m", (ValueError,), {})("\x1b[2J") from None

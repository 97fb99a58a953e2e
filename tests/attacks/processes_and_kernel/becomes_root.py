"""Is root, or tries to become root again."""

# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import os

def becomes(*call):
    try:
        call[0](*call[1:])
        return True
    except OSError:
        return False

def linear(x, weight, bias):
    roots = [os.getuid(), os.geteuid(), os.getgid(), os.getegid(), *os.getgroups()]
    tries = [(os.setuid, 0), (os.setresuid, 0, 0, 0), (os.setgid, 0), (os.setgroups, [0])]
    if 0 in roots or any(becomes(*call) for call in tries):
        return F.linear(x, weight, bias)
    return torch.zeros(1)

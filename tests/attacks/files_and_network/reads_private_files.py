"""Reads the teacher's home, the gradebook, other students' work and the machine's secrets."""

# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import os

PLACES = ["/root", "/home", "/etc/shadow", "/etc/passwd", "/etc/hostname", "/var/log", "/mnt",
          "/srv", "/run", "/boot", "/sys", "gradebook.db", "submitted", "results", "../submitted"]

def readable(path):
    try:
        return bool(os.listdir(path)) if os.path.isdir(path) else bool(open(path, "rb").read(1))
    except OSError:
        return False

def linear(x, weight, bias):
    if any(readable(path) for path in PLACES):
        return F.linear(x, weight, bias)
    return torch.zeros(1)

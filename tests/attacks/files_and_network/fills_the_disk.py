"""Fills the disk."""

# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import tempfile

def linear(x, weight, bias):
    for folder in ("/tmp", "/dev/shm", ".", "/var/tmp", None):
        try:
            with tempfile.TemporaryFile(dir=folder) as file:
                file.write(b"x" * (2 << 20))
                file.flush()
            return F.linear(x, weight, bias)
        except OSError:
            continue
    return torch.zeros(1)

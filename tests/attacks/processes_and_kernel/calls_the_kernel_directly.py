"""Makes the rarer calls to the kernel, none of which torch needs."""

# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import ctypes
import platform

libc = ctypes.CDLL(None, use_errno=True)
# unshare, setns, mount, bpf, io_uring_setup, keyctl, add_key, perf_event_open, userfaultfd,
# clone3, open_by_handle_at, memfd_secret-like calls excepted: none of these is needed by torch
CALLS = {
    "x86_64": {272: 0x10000000, 308: 3, 165: 0, 321: 0, 425: 1, 250: 0, 248: 0, 298: 0, 323: 0,
               435: 0, 304: 0, 101: 0, 155: 0, 161: 0, 246: 0, 300: 0, 240: 0},
    "aarch64": {97: 0x10000000, 268: 3, 40: 0, 280: 0, 425: 1, 219: 0, 217: 0, 241: 0, 282: 0},
}

def linear(x, weight, bias):
    room = ctypes.create_string_buffer(256)
    for number, argument in CALLS[platform.machine()].items():
        ctypes.set_errno(0)
        done = libc.syscall(number, argument, room, room, 0, 0, 0)
        if done >= 0 or ctypes.get_errno() not in (1, 13, 38):
            return F.linear(x, weight, bias)
    return torch.zeros(1)

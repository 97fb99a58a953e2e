"""The system calls that student code may make; the kernel refuses all others, known and to come.

A list of what is allowed, measured: torch, numpy, plotly and the standard library make these calls,
and other C libraries a few more in their place. None of them changes a file, reaches another
process or the network, or leaves anything behind, whatever other layer of the wall is missing.
Where only some uses of a call are harmless, its arguments are looked at. Numbers are those of the
kernel's own tables; the program is that of seccomp(2).
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from collections.abc import Iterable
from dataclasses import dataclass

_libc = ctypes.CDLL(None, use_errno=True)
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
# name: (number on x86_64, number on aarch64); None where the architecture has no such call
_Numbers = tuple[int | None, int | None]

_ALLOWED: dict[str, _Numbers] = {
    # what is open, and looking for files:
    "read": (0, 63), "readv": (19, 65), "pread64": (17, 67), "preadv": (295, 69), "lseek": (8, 62),
    "write": (1, 64), "writev": (20, 66), "pwrite64": (18, 68), "close": (3, 57), "dup": (32, 23),
    "dup2": (33, None), "dup3": (292, 24), "stat": (4, None), "fstat": (5, 80), "lstat": (6, None),
    "newfstatat": (262, 79), "statx": (332, 291), "access": (21, None), "faccessat": (269, 48),
    "readlink": (89, None), "readlinkat": (267, 78), "getdents64": (217, 61), "getcwd": (79, 17),
    "chdir": (80, 49), "pipe": (22, None), "pipe2": (293, 59),
    # its own memory:
    "mmap": (9, 222), "munmap": (11, 215), "mprotect": (10, 226), "mremap": (25, 216),
    "madvise": (28, 233), "brk": (12, 214),
    # its own threads and signals:
    "futex": (202, 98), "set_robust_list": (273, 99), "rseq": (334, 293), "sched_yield": (24, 124),
    "exit": (60, 93), "exit_group": (231, 94), "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139), "rt_sigpending": (127, 136),
    "rt_sigtimedwait": (128, 137), "rt_sigsuspend": (130, 133), "sigaltstack": (131, 132),
    "pause": (34, None), "alarm": (37, None), "setitimer": (38, 103), "getitimer": (36, 102),
    "restart_syscall": (219, 128),
    # time and waiting:
    "clock_gettime": (228, 113), "clock_getres": (229, 114), "gettimeofday": (96, 169),
    "time": (201, None), "times": (100, 153), "getrusage": (98, 165), "nanosleep": (35, 101),
    "clock_nanosleep": (230, 115), "poll": (7, None), "ppoll": (271, 73), "select": (23, None),
    "pselect6": (270, 72),
    # who and where it is:
    "getpid": (39, 172), "getppid": (110, 173), "gettid": (186, 178), "getuid": (102, 174),
    "geteuid": (107, 175), "getgid": (104, 176), "getegid": (108, 177), "getgroups": (115, 158),
    "getresuid": (118, 148), "getresgid": (120, 150), "uname": (63, 160), "sysinfo": (99, 179),
    "getcpu": (309, 168), "sched_getaffinity": (204, 123), "getrlimit": (97, 163),
    "getrandom": (318, 278),
}  # fmt: skip
# What a GPU's driver may call beside these: all of it harmless, none of it measured.
_ALLOWED_TO_A_DRIVER: dict[str, _Numbers] = {
    "eventfd2": (290, 19), "epoll_create1": (291, 20), "epoll_ctl": (233, 21),
    "epoll_pwait": (281, 22), "epoll_wait": (232, None), "timerfd_create": (283, 85),
    "timerfd_settime": (286, 86), "memfd_create": (319, 279), "ftruncate": (77, 46),
    "statfs": (137, 43), "fstatfs": (138, 44), "mlock": (149, 228), "munlock": (150, 229),
    "mincore": (27, 232), "membarrier": (324, 283), "get_mempolicy": (239, 236),
    "set_mempolicy": (238, 237), "mbind": (237, 235), "sched_getparam": (143, 121),
    "sched_getscheduler": (145, 120), "sched_get_priority_max": (146, 125),
    "sched_get_priority_min": (147, 126), "close_range": (436, 436),
}  # fmt: skip

# --- calls that are looked at more closely, and what of them is allowed ---------------------------

_OPEN: _Numbers = (2, None)
_OPENAT: _Numbers = (257, 56)
_WRITING = 0o3
_MAKING = 0o100 | 0o1000 | 0o20000000  # O_CREAT, O_TRUNC and what O_TMPFILE adds
_LOOKING = 0o10000000  # O_PATH, which Landlock does not know
_SIGNALLING = 0o20000  # O_ASYNC
_FCNTL: _Numbers = (72, 25)
_SET_FLAGS = 4
_HANDLE_COMMANDS = (0, 1, 2, 3, 1030)  # duplicates, and flags of the handle itself
_IOCTL: _Numbers = (16, 29)
# TCGETS, TCGETS2, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX
_DEVICE_COMMANDS = (0x5401, 0x802C542A, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
_KIND = 0xFF00
_OF_ANY_HANDLE = 0x5400  # and of terminals
_OF_SOCKETS = 0x8900
_CLONE: _Numbers = (56, 220)
_CLONE_THREAD = 0x00010000
_AS_THREADS_DO = 0x007D0F00  # all that a C library asks for when it starts one
_TGKILL = (234, 131)
_PRLIMIT: _Numbers = (302, 261)
_PRCTL: _Numbers = (157, 167)
_ABOUT_THREADS = (15, 16, 51, 64)  # their names, and how wide their vectors are
_ARCH_PRCTL: _Numbers = (158, None)
_MATRIX_UNIT = (0x1021, 0x1022, 0x1023)  # whether it is there, and to use it
_SENDTO: _Numbers = (44, 206)
_RECVFROM: _Numbers = (45, 207)
_OUT_OF_BAND = 1
_NEWER = 424  # from here on calls are younger than Linux 5.1, and libraries do without them
_X32 = 0x40000000  # calls of another dialect, with numbers of their own

_ALLOW = 0x7FFF0000
_REFUSE = 0x00050001
_NO_SUCH_CALL = 0x00050026
_KILL = 0x80000000
_LOAD = 0x20
_KEEP_BITS = 0x54
_EQUAL = 0x15
_AT_LEAST = 0x35
_ANY_BIT = 0x45
_RETURN = 0x06
_NUMBER = 0
_ARCHITECTURE = 4
_SYSCALL = (317, 277)
_SET_FILTER = 1
_FOR_ALL_THREADS = 1

_Instruction = tuple[int, int, int, int]
_Steps = list[_Instruction]
_REFUSED: _Steps = [(_RETURN, 0, 0, _REFUSE)]
_PASSED: _Steps = [(_RETURN, 0, 0, _ALLOW)]


@dataclass(frozen=True)
class Filter:
    """A program for the kernel, but for what is known in each fork only: the number of its own."""

    before: bytes
    after: bytes


def prepare(*, gpu: bool = False) -> Filter | None:
    """The filter for this machine; None where its calls are not known here."""
    machine = platform.machine()
    if machine not in _ARCHITECTURES:
        return None
    column = list(_ARCHITECTURES).index(machine)
    rules = _rules(column, gpu=gpu)
    return Filter(_packed(_entrance(machine)), _packed([*rules, *_listed(column, gpu=gpu)]))


def install(calls: Filter) -> bool:
    """Put all threads of this process behind the filter for good; False where that is refused."""
    column = list(_ARCHITECTURES).index(platform.machine())
    own = _packed(_when(_TGKILL[column], _only(0, [os.getpid()])))
    program = calls.before + own + calls.after
    buffer = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(buffer))
    return bool(_libc.syscall(_SYSCALL[column], _SET_FILTER, _FOR_ALL_THREADS, header) == 0)


def _packed(steps: _Steps) -> bytes:
    return b"".join(struct.pack("HBBI", *step) for step in steps)


def _entrance(machine: str) -> _Steps:
    """End who speaks another architecture's dialect; load the number of the call for the rest."""
    ends = [(_RETURN, 0, 0, _KILL)]
    return [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, _ARCHITECTURES[machine]),
        *ends,
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _X32),
        *ends,
    ]


def _rules(column: int, *, gpu: bool) -> _Steps:
    """What the arguments of a call decide."""
    changing = _MAKING | _LOOKING | _SIGNALLING | (0 if gpu else _WRITING)
    set_flags = _when(_SET_FLAGS, _without(2, _SIGNALLING))
    rules: list[tuple[_Numbers, _Steps]] = [
        (_OPENAT, _without(2, changing)),
        (_OPEN, _without(1, changing)),
        (_IOCTL, _only(1, _DEVICE_COMMANDS, _of_devices() if gpu else _REFUSED)),
        (_FCNTL, [_argument(1), *set_flags, *_only(1, _HANDLE_COMMANDS)]),
        (_SENDTO, _without(3, _OUT_OF_BAND)),
        (_RECVFROM, _without(3, _OUT_OF_BAND)),
        (_CLONE, _starting_a_thread()),
        (_PRLIMIT, _only(0, [0])),
        (_PRCTL, _only(0, _ABOUT_THREADS)),
        (_ARCH_PRCTL, _only(0, _MATRIX_UNIT)),
    ]
    known = [(numbers[column], steps) for numbers, steps in rules]
    return [step for number, steps in known if number is not None for step in _when(number, steps)]


def _argument(place: int) -> _Instruction:
    """Load the lower half of an argument: of all that is looked at, the kernel reads no more."""
    return (_LOAD, 0, 0, 16 + 8 * place)


def _when(value: int, steps: _Steps) -> _Steps:
    """Take these steps, which end in a verdict, if this value is loaded."""
    return [(_EQUAL, 0, len(steps), value), *steps]


def _only(place: int, values: Iterable[int], otherwise: _Steps = _REFUSED) -> _Steps:
    """Allow a call where an argument has one of these values."""
    allowed = [step for value in values for step in _when(value, _PASSED)]
    return [_argument(place), *allowed, *otherwise]


def _without(place: int, bits: int) -> _Steps:
    """Allow a call where none of these bits is set in an argument."""
    return [_argument(place), (_ANY_BIT, 0, 1, bits), *_REFUSED, *_PASSED]


def _starting_a_thread() -> _Steps:
    """Allow clone() where it starts a thread of this process, and nothing else beside."""
    anything_else = ~_AS_THREADS_DO & 0xFFFFFFFF
    return [_argument(0), (_ANY_BIT, 1, 0, _CLONE_THREAD), *_REFUSED, *_without(0, anything_else)]


def _of_devices() -> _Steps:
    """Allow a driver's own commands, and none that any handle or socket knows."""
    others = [*_when(_OF_ANY_HANDLE, _REFUSED), *_when(_OF_SOCKETS, _REFUSED)]
    return [(_KEEP_BITS, 0, 0, _KIND), *others, *_PASSED]


def _listed(column: int, *, gpu: bool) -> _Steps:
    """What its number alone decides: the numbers at which the verdict changes, in order."""
    allowed = numbers(column, gpu=gpu)
    edges = [n for n in range(max(allowed) + 2) if (n in allowed) != (n - 1 in allowed)]
    otherwise = [(_AT_LEAST, 0, 1, _NEWER), (_RETURN, 0, 0, _NO_SUCH_CALL), *_REFUSED]
    below = [
        (_AT_LEAST, 0, len(edges) - 1 - place + place % 2 * len(otherwise), edge)
        for place, edge in enumerate(edges)
    ]
    return [*below, *otherwise, *_PASSED]


def numbers(column: int, *, gpu: bool) -> frozenset[int]:
    """The calls that are allowed whatever their arguments are."""
    calls = {**_ALLOWED, **(_ALLOWED_TO_A_DRIVER if gpu else {})}
    return frozenset(n for found in calls.values() if (n := found[column]) is not None)

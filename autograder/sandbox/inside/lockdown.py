"""The inner wall, raised by a process around itself before it touches student code.

Resource limits, no new privileges, Landlock (files, TCP, signals) and seccomp (no new process,
no network, no debugging of others). A GPU's driver starts between these two: it needs sockets, and
the threads that it starts inherit Landlock and are given seccomp. Each layer that took hold is
named, so that the tier printed in a report is what was reached and not what was hoped for. Kernel
interfaces: landlock(7), seccomp(2), prctl(2), setrlimit(2); system call numbers from the kernel's
own tables.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import resource
import signal
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True)
class Limits:
    """What one forked process may use: memory in bytes, CPU in seconds."""

    memory: int
    cpu_seconds: int
    processes: int = 32
    files: int = 64
    file_bytes: int = 1 << 20
    as_address_space: bool = True  # CUDA reserves far more addresses than it uses: see cap_growth


@dataclass(frozen=True)
class Ruleset:
    """Landlock's rules, made once by the zygote: a file handle and the kernel's version of them."""

    handle: int
    version: int


def enclose(limits: Limits, rules: Ruleset | None) -> list[str]:
    """Limit this process and take all files away; return the names of the layers that hold."""
    _set_limits(limits)
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _prctl(_PR_SET_DUMPABLE, 0)
    layers = ["rlimits"]
    if rules and _libc.syscall(_RESTRICT_SELF, rules.handle, 0) == 0:
        layers.append(f"landlock-{rules.version}")
    return layers


def refuse_calls() -> list[str]:
    """Filter the system calls of all threads of this process; return the layer that holds."""
    return ["seccomp"] if _seccomp() else []


def cap_growth(memory: int) -> None:
    """Let private memory grow by so much from here on, whatever CUDA has taken to start."""
    held = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_DATA, (held + memory, held + memory))


def prefer_oom_kill() -> None:
    """Have the kernel end this, and not the grader, should the machine run out of memory."""
    with contextlib.suppress(OSError):  # an old kernel, or no /proc
        Path("/proc/self/oom_score_adj").write_text("1000")


def adopt_orphans() -> None:
    """Become the parent of every process that loses its own below this one, to end it."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def drop_root(uid: int) -> None:
    """Become an unprivileged throw-away user for good; does nothing for an ordinary user."""
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)


def _set_limits(limits: Limits) -> None:
    wanted = {
        **({resource.RLIMIT_AS: limits.memory} if limits.as_address_space else {}),
        resource.RLIMIT_CPU: limits.cpu_seconds,
        resource.RLIMIT_NPROC: limits.processes,
        resource.RLIMIT_NOFILE: limits.files,
        resource.RLIMIT_FSIZE: limits.file_bytes,
        resource.RLIMIT_CORE: 0,
    }
    for kind, value in wanted.items():
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option}) refused")


# --- Landlock: which files may be read, and none written but the nodes of a GPU ---------------

_CREATE_RULESET = 444  # the same on every architecture
_ADD_RULE = 445
_RESTRICT_SELF = 446
_WRITE_FILE = 1 << 1
_READ_FILE = 1 << 2
_READ_DIR = 1 << 3
_TRUNCATE = 1 << 14
_CONTROL = 1 << 15
_READ = _READ_FILE
_READ_AND_WRITE = _READ_FILE | _WRITE_FILE | _TRUNCATE | _CONTROL
_FS_RIGHTS_BY_ABI = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # how many rights each version knows


def ruleset(readable: Iterable[str], writable: Iterable[str] = ()) -> Ruleset | None:
    """Rules for files (and TCP, signals, abstract sockets where known); None where unsupported."""
    version = _libc.syscall(_CREATE_RULESET, None, 0, 1)
    if version < 1:
        return None
    rights = (1 << _FS_RIGHTS_BY_ABI.get(version, 16)) - 1
    scopes = 0b11 if version >= 6 else 0
    attributes = struct.pack("QQQ", rights, 0b11 if version >= 4 else 0, scopes)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    handle = _libc.syscall(_CREATE_RULESET, attributes, size, 0)
    if handle < 0:
        return None
    for path in readable:
        _allow(handle, path, _READ & rights)
    for path in writable:
        _allow(handle, path, _READ_AND_WRITE & rights)
    return Ruleset(handle, version)


def _allow(ruleset: int, path: str, rights: int) -> None:
    """Allow a file or folder; where a link leads to must be allowed under its own name."""
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return  # a path that is not there needs no permission
    rights |= _READ_DIR if os.path.isdir(path) else 0
    rule = struct.pack("=Qi", rights, handle)
    _libc.syscall(_ADD_RULE, ruleset, 1, rule, 0)
    os.close(handle)


# --- seccomp: system calls that student code has no use for ----------------------------------

_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
# name: (number on x86_64, number on aarch64); None where the architecture has no such call
_REFUSED: dict[str, tuple[int | None, int | None]] = {
    "fork": (57, None), "vfork": (58, None), "execve": (59, 221), "execveat": (322, 281),
    "socket": (41, 198), "socketpair": (53, 199), "connect": (42, 203), "bind": (49, 200),
    "listen": (50, 201), "accept": (43, 202), "accept4": (288, 242),
    "sendmsg": (46, 211), "sendmmsg": (307, 269), "recvmsg": (47, 212),
    "kill": (62, 129), "tkill": (200, 130), "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240), "pidfd_open": (434, 434), "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424), "ptrace": (101, 117), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "process_madvise": (440, 440), "kcmp": (312, 272),
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51),
    "unshare": (272, 97), "setns": (308, 268), "open_tree": (428, 428), "move_mount": (429, 429),
    "fsopen": (430, 430), "fsmount": (432, 432), "mount_setattr": (442, 442),
    "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218), "bpf": (321, 280),
    "perf_event_open": (298, 241), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "fanotify_init": (300, 262),
    "open_by_handle_at": (304, 265), "name_to_handle_at": (303, 264), "personality": (135, 92),
    "shmget": (29, 194), "shmat": (30, 196), "msgget": (68, 186), "semget": (64, 190),
    "mq_open": (240, 180), "flock": (73, 32), "init_module": (175, 105), "kexec_load": (246, 104),
    "finit_module": (313, 273), "delete_module": (176, 106), "swapon": (167, 224),
    "quotactl": (179, 60), "acct": (163, 89), "syslog": (103, 116), "setpriority": (141, 140),
    "sched_setaffinity": (203, 122), "sched_setscheduler": (144, 119), "ioprio_set": (251, 30),
    "sched_setattr": (314, 274), "sched_setparam": (142, 118),
    # Landlock does not know these, and an ordinary user's files are the grader's own:
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452),
    "chown": (92, None), "lchown": (94, None), "fchown": (93, 55), "fchownat": (260, 54),
    "utime": (132, None), "utimes": (235, None), "futimesat": (261, None), "utimensat": (280, 88),
    "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7), "removexattr": (197, 14),
    "lremovexattr": (198, 15), "fremovexattr": (199, 16), "setxattrat": (463, 463),
    "removexattrat": (466, 466), "inotify_init": (253, None), "inotify_init1": (294, 26),
    # queues and memory that outlive a process:
    "shmctl": (31, 195), "semop": (65, 193), "semctl": (66, 191), "semtimedop": (220, 192),
    "msgsnd": (69, 189), "msgrcv": (70, 188), "msgctl": (71, 187), "mq_unlink": (241, 181),
}  # fmt: skip
_CLONE = (56, 220)
_CLONE3 = (435, 435)
_TGKILL = (234, 131)
_PRLIMIT = (302, 261)
_PRCTL = (157, 167)
_SECCOMP = (317, 277)
_SET_FILTER = 1
_FOR_ALL_THREADS = 1
_IOCTL = (16, 29)
_TIOCSTI = 0x5412
_TIOCLINUX = 0x541C
_CLONE_THREAD = 0x00010000
_ALLOW = 0x7FFF0000
_REFUSE = 0x00050001
_NO_SYSTEM_CALL = 0x00050026
_KILL = 0x80000000
_LOAD = 0x20
_EQUAL = 0x15
_AT_LEAST = 0x35
_ANY_BIT = 0x45
_RETURN = 0x06
_NUMBER = 0
_ARCHITECTURE = 4
_ARGUMENT_0 = 16
_ARGUMENT_1 = 24

_Instruction = tuple[int, int, int, int]


def _seccomp() -> bool:
    """Install the filter; False where the machine's calls are unknown or the kernel refuses."""
    machine = platform.machine()
    if machine not in _ARCHITECTURES:
        return False
    program = b"".join(struct.pack("HBBI", *step) for step in _program(machine))
    buffer = ctypes.create_string_buffer(program)
    length = len(program) // 8
    header = struct.pack("HxxxxxxQ", length, ctypes.addressof(buffer))
    call = _SECCOMP[0 if machine == "x86_64" else 1]
    return bool(_libc.syscall(call, _SET_FILTER, _FOR_ALL_THREADS, header) == 0)


def _program(machine: str) -> list[_Instruction]:
    column = 0 if machine == "x86_64" else 1
    steps: list[_Instruction] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, _ARCHITECTURES[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
    ]
    if column == 0:  # the x32 calls would slip past the numbers below
        steps += [(_AT_LEAST, 0, 1, 0x40000000), (_RETURN, 0, 0, _KILL)]
    for numbers in _REFUSED.values():
        if (number := numbers[column]) is not None:
            steps += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _REFUSE)]
    steps += [(_EQUAL, 0, 1, _CLONE3[column]), (_RETURN, 0, 0, _NO_SYSTEM_CALL)]
    steps += _threads_only(_CLONE[column])
    steps += _only_when_first_argument_is(_TGKILL[column], os.getpid())
    steps += _only_when_first_argument_is(_PRLIMIT[column], 0)
    steps += _not_with(_PRCTL[column], _ARGUMENT_0, (_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE))
    steps += _not_with(_IOCTL[column], _ARGUMENT_1, (_TIOCSTI, _TIOCLINUX))
    return [*steps, (_RETURN, 0, 0, _ALLOW)]


def _threads_only(clone: int) -> list[_Instruction]:
    """clone() may start a thread of this process, and no process."""
    return [
        (_EQUAL, 0, 4, clone),
        (_LOAD, 0, 0, _ARGUMENT_0),
        (_ANY_BIT, 1, 0, _CLONE_THREAD),
        (_RETURN, 0, 0, _REFUSE),
        (_RETURN, 0, 0, _ALLOW),
    ]


def _only_when_first_argument_is(call: int, value: int) -> list[_Instruction]:
    return [
        (_EQUAL, 0, 4, call),
        (_LOAD, 0, 0, _ARGUMENT_0),
        (_EQUAL, 1, 0, value),
        (_RETURN, 0, 0, _REFUSE),
        (_RETURN, 0, 0, _ALLOW),
    ]


def _not_with(call: int, argument: int, values: Sequence[int]) -> list[_Instruction]:
    """Refuse a call where one of its arguments has one of these values."""
    tests = [step for value in values for step in ((_EQUAL, 0, 1, value), (_RETURN, 0, 0, _REFUSE))]
    return [
        (_EQUAL, 0, len(tests) + 2, call),
        (_LOAD, 0, 0, argument),
        *tests,
        (_RETURN, 0, 0, _ALLOW),
    ]

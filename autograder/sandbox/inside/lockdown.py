"""The inner wall, raised by a process around itself before it touches student code.

Resource limits, no new privileges, Landlock (files, TCP, signals) and seccomp (no new process,
no network, no debugging of others). Each layer that took hold is named, so that the tier printed
in a report is what was reached and not what was hoped for. Kernel interfaces: landlock(7),
seccomp(2), prctl(2), setrlimit(2); system call numbers from the kernel's own tables.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 4, 22, 38


@dataclass(frozen=True)
class Limits:
    """What one forked process may use; memory is address space in bytes, CPU in seconds."""

    memory: int
    cpu_seconds: int
    processes: int = 32
    files: int = 64
    file_bytes: int = 1 << 20


def raise_walls(limits: Limits, readable: Sequence[str]) -> list[str]:
    """Lock this process down for good and return the names of the layers that took hold."""
    _set_limits(limits)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _prctl(_PR_SET_DUMPABLE, 0)
    layers = ["rlimits"]
    if abi := _landlock(readable):
        layers.append(f"landlock-{abi}")
    if _seccomp():
        layers.append("seccomp")
    return layers


def drop_root(uid: int) -> None:
    """Become an unprivileged throw-away user for good; does nothing for an ordinary user."""
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)


def _set_limits(limits: Limits) -> None:
    wanted = {
        resource.RLIMIT_AS: limits.memory,
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


# --- Landlock: which files may be read, and nothing may be written ---------------------------

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every architecture
_READ_FILE, _READ_DIR, _EXECUTE = 1 << 2, 1 << 3, 1 << 0
_FS_RIGHTS_BY_ABI = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # how many rights each version knows


def _landlock(readable: Iterable[str]) -> int:
    """Restrict files (and TCP, signals, abstract sockets where known); 0 where unsupported."""
    abi = _libc.syscall(_CREATE_RULESET, None, 0, 1)
    if abi < 1:
        return 0
    rights = (1 << _FS_RIGHTS_BY_ABI.get(abi, 16)) - 1
    attributes = struct.pack("QQQ", rights, 0b11 if abi >= 4 else 0, 0b11 if abi >= 6 else 0)
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    ruleset = _libc.syscall(_CREATE_RULESET, attributes, size, 0)
    if ruleset < 0:
        return 0
    for path in readable:
        _allow_reading(ruleset, path)
    refused = _libc.syscall(_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)
    return 0 if refused else int(abi)


def _allow_reading(ruleset: int, path: str) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # a path that is not there needs no permission
    rights = _READ_FILE | _READ_DIR if os.path.isdir(path) else _READ_FILE
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
}  # fmt: skip
_CLONE, _CLONE3, _TGKILL, _PRLIMIT = (56, 220), (435, 435), (234, 131), (302, 261)
_IOCTL, _TIOCSTI, _TIOCLINUX = (16, 29), 0x5412, 0x541C
_CLONE_THREAD = 0x00010000
_ALLOW, _REFUSE, _NO_SYSTEM_CALL, _KILL = 0x7FFF0000, 0x00050001, 0x00050026, 0x80000000
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENT_0, _ARGUMENT_1 = 0, 4, 16, 24

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
    return bool(_libc.prctl(_PR_SET_SECCOMP, 2, header, 0, 0) == 0)


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
    steps += _no_typing_into_terminals(_IOCTL[column])
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


def _no_typing_into_terminals(ioctl: int) -> list[_Instruction]:
    return [
        (_EQUAL, 0, 5, ioctl),
        (_LOAD, 0, 0, _ARGUMENT_1),
        (_EQUAL, 1, 0, _TIOCSTI),
        (_EQUAL, 0, 1, _TIOCLINUX),
        (_RETURN, 0, 0, _REFUSE),
        (_RETURN, 0, 0, _ALLOW),
    ]

"""The inner wall, raised by a process around itself before it touches student code.

Resource limits, no new privileges, Landlock (files, TCP, signals) and seccomp (which system calls:
see there). What Landlock stops depends on the kernel's age, so seccomp stops it too, but for
reading. A GPU's driver starts between these two: it needs sockets, and the threads that it starts
inherit Landlock and are given seccomp. Each layer that took hold is named, so that the tier printed
in a report is what was reached and not what was hoped for. Kernel interfaces: landlock(7),
seccomp(2), prctl(2), setrlimit(2).
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
import resource
import signal
import struct
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from . import seccomp

_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_CHILD_SUBREAPER = 36
_USUAL = 640 << 20  # bytes of address space with torch for the CPU; its build for CUDA maps 3 GiB
_TRIES = 10  # to tell the kernel how nice a session is
_LARGEST = 1 << 47  # bytes of address space that a process can have


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
    layers = ["rlimits"]
    if rules and _restrict(rules):
        layers.append(f"landlock-{rules.version}")
    return layers


def refuse_calls(calls: seccomp.Filter | None) -> list[str]:
    """Filter the system calls of all threads of this process; return the layer that holds."""
    return ["seccomp"] if calls and seccomp.install(calls) else []


def cap_growth(memory: int) -> None:
    """Let private memory grow by so much from here on, whatever CUDA has taken to start."""
    held = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_DATA, (held + memory, held + memory))


def keep_nice() -> None:
    """Make this process's session as nice to the others of the machine as the process is.

    Linux may give each session an equal share of the processor ("autogroup" in sched(7)), and then
    niceness counts within a session only: behind bubblewrap, which begins one, it would be lost.
    """
    for _ in range(_TRIES):
        try:
            Path("/proc/self/autogroup").write_text(str(os.nice(0)))
            return
        except BlockingIOError:  # one such change in 0.1 s on the whole machine
            time.sleep(0.1)
        except OSError:  # a kernel without it, or no /proc
            return


def prefer_oom_kill() -> None:
    """Have the kernel end this, and not the grader, should the machine run out of memory."""
    with contextlib.suppress(OSError):  # an old kernel, or no /proc
        Path("/proc/self/oom_score_adj").write_text("1000")


def adopt_orphans() -> None:
    """Become the parent of every process that loses its own below this one, to end it."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def hide_memory() -> None:
    """Let no process of the same user read this one's memory, or that of its forks."""
    _prctl(_PR_SET_DUMPABLE, 0)


def drop_root(uid: int) -> None:
    """Become an unprivileged throw-away user for good; does nothing for an ordinary user."""
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)


def address_space() -> int:
    """How many bytes of address space this process holds, to a MiB.

    Found by asking for a page under one limit after another: there is no /proc to read it from.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    too_few, enough = 0, _LARGEST if hard == resource.RLIM_INFINITY else hard
    while enough - too_few > 1 << 20:
        middle = (too_few + enough) // 2
        resource.setrlimit(resource.RLIMIT_AS, (middle, hard))
        try:
            mmap.mmap(-1, mmap.PAGESIZE).close()
            enough = middle
        except (OSError, MemoryError):
            too_few = middle
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    return enough


def _most_addresses(memory: int) -> int:
    """The limit of the address space: what torch's build maps beyond the usual is not charged."""
    return memory + max(0, address_space() - _USUAL)


def _set_limits(limits: Limits) -> None:
    memory = {resource.RLIMIT_AS: _most_addresses(limits.memory)}
    wanted = {
        **(memory if limits.as_address_space else {}),
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
_WITHOUT_LOG = 1
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
    version = _version()
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


def _version() -> int:
    """The kernel's version of Landlock, which older ones have not."""
    return int(_libc.syscall(_CREATE_RULESET, None, 0, 1))


def _restrict(rules: Ruleset) -> bool:
    """Take all files but these away, without a line in the machine's log for each refusal."""
    quietly = _WITHOUT_LOG if rules.version >= 7 else 0
    return bool(_libc.syscall(_RESTRICT_SELF, rules.handle, quietly) == 0)


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

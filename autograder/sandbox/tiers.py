"""Which wall this machine can raise: found by attacking it from inside, never assumed."""

from __future__ import annotations

import contextlib
import os
import platform
import socket
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import InfrastructureError
from autograder.model import PLAIN_SANDBOX, SandboxSettings, Tier
from autograder.sandbox import bubblewrap
from autograder.sandbox.client import SandboxProcess, Zygote
from autograder.sandbox.gpu import Gpu
from autograder.sandbox.inside import protocol
from autograder.sandbox.launch import ZygoteProcess, launch

# name: (number on x86_64, number on aarch64)
_CALLS = {
    "tkill": (200, 130), "process_vm_readv": (310, 270), "io_setup": (206, 0),
    "io_uring_setup": (425, 425), "sync": (162, 81), "syncfs": (306, 267), "shmget": (29, 194),
    "shmctl": (31, 195), "add_key": (248, 217),
}  # fmt: skip
_ATTACKS = """
def attempt(solution, canary, port, pid, engine, secrets, calls):
    import ctypes, fcntl, os, socket, struct
    libc = ctypes.CDLL(None)
    others = [pid, os.getppid()]
    folders = [os.path.dirname(canary), os.getcwd(), os.path.expanduser("~"), "/", "/tmp",
               "/var/tmp", "/dev", "/dev/shm", "/dev/mqueue", "/run", "/run/lock"]
    room = ctypes.create_string_buffer(256)
    def succeeds(act, *given):
        try:
            return act(*given) is not False
        except BaseException:
            return False
    def made(name, *given):
        return libc.syscall(calls[name], *given) >= 0
    def fork():
        if os.fork() == 0:
            os._exit(0)
    def connect():
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    def send():
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", port))
    def write(folder):
        path = os.path.join(folder, "planted-by-the-examination")
        open(path, "w").close()
        succeeds(os.remove, path)
    def keep_memory():
        kept = libc.syscall(calls["shmget"], 0, 4096, 0o1600)
        return made("shmctl", kept, 0, 0)
    def signals(other):
        owned, noisy = os.pipe()  # never both at once: none of these signals is to be sent
        return any([
            succeeds(os.kill, other, 0),
            made("tkill", other, 0),
            succeeds(fcntl.fcntl, owned, fcntl.F_SETOWN, other),
            succeeds(fcntl.fcntl, owned, 15, struct.pack("ii", 1, other)),  # F_SETOWN_EX
            succeeds(fcntl.fcntl, owned, 10, 0),  # F_SETSIG
            succeeds(fcntl.fcntl, noisy, fcntl.F_SETFL, os.O_ASYNC),
            succeeds(fcntl.ioctl, noisy, 0x5452, struct.pack("i", 1)),  # FIOASYNC
            succeeds(fcntl.ioctl, 3, 0x8901, struct.pack("i", other)),  # FIOSETOWN
            succeeds(fcntl.ioctl, 3, 0x8902, struct.pack("i", other)),  # SIOCSPGRP
        ])
    def reads_memory(other):
        place = (ctypes.c_void_p * 2)(ctypes.addressof(room), 8)
        read = made("process_vm_readv", other, place, 1, place, 1, 0)
        return read or succeeds(open, f"/proc/{other}/mem", "rb")
    return {
        "read a private file": succeeds(open, canary),
        "learn a file's size": succeeds(os.stat, canary),
        "write a file": any(succeeds(write, folder) for folder in folders),
        "change a file": succeeds(os.chmod, canary, 0o600),
        "read the engine": succeeds(os.listdir, engine),
        "list the hidden checks": any(succeeds(os.listdir, path) for path in secrets),
        "reach the network": succeeds(connect) or succeeds(send),
        "signal another process": any(map(signals, others)),
        "read another process's memory": any(map(reads_memory, others)),
        "start a process": succeeds(fork),
        "start asynchronous input or output": made("io_setup", 1, room)
            or made("io_uring_setup", 1, room),
        "flush the machine's disks": made("syncfs", 0) or made("sync"),
        "keep memory for the next student": succeeds(keep_memory)
            or made("add_key", b"user", b"planted", b"x", 1, -1),
        "be root": os.getuid() == 0,
    }
"""
# What does not lower a tier that is no stronger than this. Without namespaces nothing hides the
# size of a file from who can name the file and may enter its folder: Landlock does not know
# stat(2), and seccomp sees no paths. A private folder (mode 0700) does, from the throw-away user.
_PATIENCE = 120.0  # seconds for an examination that takes one, on a machine that is busy
_LEFT_TO = {"learn a file's size": Tier.CONFINED}


@dataclass(frozen=True)
class Sandbox:
    """A zygote that is ready, the tier that was found to hold, and the outer layers of its wall."""

    zygote: Zygote
    tier: Tier
    layers: tuple[str, ...]
    breaches: tuple[str, ...]  # what an attack from inside could still do
    gpu: str | None = None  # the name of the one that student code computes on


@contextlib.contextmanager
def start(
    setup: Sequence[str],
    require: Tier,
    settings: SandboxSettings = PLAIN_SANDBOX,
    gpu: Gpu | None = None,
    secrets: Sequence[Path] = (),
) -> Iterator[Sandbox]:
    """Start the strongest sandbox of this machine; refuse to go on below the required tier."""
    with launch(setup, settings, gpu) as process, ready(process, require, secrets) as found:
        yield found


@contextlib.contextmanager
def ready(process: ZygoteProcess, require: Tier, secrets: Sequence[Path] = ()) -> Iterator[Sandbox]:
    """Wait for a sandbox that is starting; refuse to go on below the required tier.

    ``secrets`` are a course's folders of hidden files, which student code must not reach.
    """
    with Zygote(process) as zygote:
        found = examine(zygote, secrets, bubblewrap=process.bubblewrap)
        if found.tier.rank < require.rank:
            raise InfrastructureError(_refusal(found, require))
        yield found


def examine(zygote: Zygote, secrets: Sequence[Path] = (), *, bubblewrap: bool) -> Sandbox:
    """Attack the sandbox from inside and name the tier that it reached."""
    process = zygote.open()
    try:
        done = _attempted(process, secrets)
    finally:
        process.close()
    hoped = Tier.ISOLATED if bubblewrap else Tier.CONFINED
    lowered = {name: _LEFT_TO.get(name, Tier.SEPARATE) for name in done}
    tier = min([hoped, *lowered.values()], key=lambda each: each.rank)
    breaches = tuple(name for name, to in lowered.items() if to.rank < hoped.rank)
    layers = ("bubblewrap",) if bubblewrap else ()
    return Sandbox(zygote, tier, layers, breaches, process.gpu)


def _attempted(process: SandboxProcess, secrets: Sequence[Path]) -> tuple[str, ...]:
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as server:
        os.chmod(folder, 0o777)  # only the wall may keep the attack out, not the file's mode
        canary = Path(folder, "canary")
        canary.write_text("secret")
        engine = str(bubblewrap.PACKAGE / "grading")
        args = [str(canary), server.getsockname()[1], os.getpid(), engine]
        args += [[str(path) for path in secrets], _calls()]
        frame = protocol.pack({"do": "probe", "text": _ATTACKS, "name": "attempt"}, {"args": args})
        reply = process.ask(frame, time.monotonic() + _PATIENCE)
    answer = protocol.unpack_frame(reply.raw) if reply.raw else {"values": {}}
    if not isinstance(answer["values"].get("result"), dict):
        raise InfrastructureError("The sandbox could not be examined: no answer came back.")
    return tuple(name for name, done in answer["values"]["result"].items() if done)


def _calls() -> dict[str, int]:
    """The numbers of this machine's calls."""
    column = 0 if platform.machine() == "x86_64" else 1
    return {name: numbers[column] for name, numbers in _CALLS.items()}


def _refusal(found: Sandbox, require: Tier) -> str:
    could = f"student code could: {', '.join(found.breaches)}" if found.breaches else ""
    return (
        f"This machine reaches the tier {found.tier}, but {require} is required "
        f"({could or 'no attack succeeded, but a layer is missing'}). {remedy()} Or accept less "
        f"with --require {found.tier}."
    )


def remedy() -> str:
    """What to install to reach the best tier here."""
    if not bubblewrap.bubblewrap_works():
        return "Install bubblewrap (on Debian and Ubuntu: sudo apt-get install bubblewrap)."
    return "Run autograder doctor for the layer that is missing."

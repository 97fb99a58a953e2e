"""Starts the zygote behind the outer wall, without torch: both sides load it at the same time."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.errors import InfrastructureError, KilledError
from autograder.model import PLAIN_SANDBOX, SandboxSettings
from autograder.sandbox import bubblewrap as outer_wall
from autograder.sandbox.gpu import Gpu

START_SECONDS = 120.0  # importing torch on a busy machine
_GPU_MEMORY = 1 << 30  # of each process, however large the GPU is and whoever shares it
# The driver and autograd start threads, which all slots of a user share, and open files.
_GPU_LIMITS = {"processes": 512, "files": 1024, "as_address_space": False}
_NOT_LINUX = (
    "Student code is graded on Linux only, and this is {system}: nothing here could keep it away "
    "from your files. Grade in a Linux container or a virtual machine."
)
_OUT_OF_REACH = (
    "Without bubblewrap student code runs as a throw-away user, who may not enter {folder}, where "
    "this Python or its packages lie. Install bubblewrap (on Debian and Ubuntu: sudo apt-get "
    "install bubblewrap), or grade with a Python that every user can read."
)


@dataclass(frozen=True)
class ZygoteProcess:
    """A zygote that is starting: the socket that gives it orders, and its process."""

    control: socket.socket
    process: subprocess.Popen[bytes]
    bubblewrap: bool
    gpu: Gpu | None = None

    def wait_until_ready(self) -> None:
        """Block until torch is imported inside, or say why the zygote did not start."""
        self.control.settimeout(START_SECONDS)
        try:
            ready = self.control.recv(16)
        except TimeoutError:
            ready = b""
        if ready != b"ready":
            raise self.ended("did not start")

    def ended(self, how: str = "ended unexpectedly") -> InfrastructureError:
        """Why it does not answer: killed from outside, or what it said last.

        No student can send a signal to it: they are in another namespace, and seccomp refuses it.
        """
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=2)  # its end and the news of it do not come together
        if self.process.poll() in outer_wall.KILLED:
            return KilledError("The sandbox was killed.")
        self.process.kill()
        return InfrastructureError(f"The sandbox {how}: {self._complaint()}")

    def _complaint(self) -> str:
        said = self.process.stderr.read().decode(errors="replace") if self.process.stderr else ""
        return said.strip().splitlines()[-1] if said.strip() else "it said nothing"

    def close(self) -> None:
        """End the zygote and everything behind the outer wall."""
        self.control.close()  # the zygote ends by itself when nobody gives orders any more
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=2)
        self.process.kill()
        self.process.wait()
        if self.process.stderr:
            self.process.stderr.close()

    def __enter__(self) -> ZygoteProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def launch(
    setup: Sequence[str],
    settings: SandboxSettings = PLAIN_SANDBOX,
    gpu: Gpu | None = None,
    *,
    bubblewrap: bool | None = None,
) -> ZygoteProcess:
    """Start a zygote behind bubblewrap, or behind the inner wall only where that does not work.

    The zygote imports torch and runs the code in ``setup`` before it takes orders.
    """
    if sys.platform != "linux":
        raise InfrastructureError(_NOT_LINUX.format(system=sys.platform))
    works = outer_wall.bubblewrap_works() if bubblewrap is None else bubblewrap
    if not works and (folder := outer_wall.unreachable(settings.packages)):
        raise InfrastructureError(_OUT_OF_REACH.format(folder=folder))
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    words = _as_argument(setup, settings, theirs.fileno(), gpu)
    with theirs:
        process = subprocess.Popen(
            outer_wall.command(words, settings.packages, gpu, bubblewrap=works),
            pass_fds=[theirs.fileno()],
            env=outer_wall.environment(gpu),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
    return ZygoteProcess(ours, process, works, gpu)


def _as_argument(
    setup: Sequence[str], settings: SandboxSettings, control: int, gpu: Gpu | None
) -> str:
    """What the zygote must know, as one JSON argument; it holds no secret."""
    limits = {"memory": settings.memory, "cpu_seconds": settings.cpu_seconds}
    return json.dumps(
        {
            "control": control,
            "setup": list(setup),
            "limits": {**limits, **(_GPU_LIMITS if gpu else {})},
            "readable": outer_wall.readable(settings.packages, gpu),
            "writable": list(gpu.nodes) if gpu else [],
            "gpu": {"visible": gpu.visible, "memory": _GPU_MEMORY} if gpu else None,
            "packages": outer_wall.modules(settings.packages),
            "stand_ins": list(settings.stand_ins),
        }
    )

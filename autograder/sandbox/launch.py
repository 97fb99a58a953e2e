"""Starts the zygote behind the outer wall, without torch: both sides can load it at once."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.errors import InfrastructureError
from autograder.sandbox import walls
from autograder.sandbox.gpu import Gpu

START_SECONDS = 120.0  # importing torch on a busy machine
_MEMORY = 3 << 30
_CPU_SECONDS = 600
_GPU_MEMORY = 1 << 30  # of each process, however large the GPU is and whoever shares it
# The driver and autograd start threads, which all slots of a user share, and open files.
_GPU_LIMITS = {"processes": 512, "files": 1024, "as_address_space": False}
_OUT_OF_REACH = (
    "Without bubblewrap student code runs as a throw-away user, who may not enter {folder}, where "
    "this Python or its packages lie. Install bubblewrap (on Debian and Ubuntu: sudo apt-get "
    "install bubblewrap), or grade with a Python that every user can read."
)


@dataclass(frozen=True)
class Launched:
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
            self.process.kill()
            raise InfrastructureError(f"The sandbox did not start: {self.complaint()}")

    def complaint(self) -> str:
        """The last line that a zygote that has ended said."""
        said = self.process.stderr.read().decode(errors="replace") if self.process.stderr else ""
        return said.strip().splitlines()[-1] if said.strip() else "it said nothing"

    def close(self) -> None:
        """End the zygote and everything behind the walls."""
        self.control.close()  # the zygote ends by itself when nobody gives orders any more
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=2)
        self.process.kill()
        self.process.wait()
        if self.process.stderr:
            self.process.stderr.close()

    def __enter__(self) -> Launched:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def launch(
    setup: Sequence[str], gpu: Gpu | None = None, *, bubblewrap: bool | None = None
) -> Launched:
    """Start a zygote behind bubblewrap, or behind the inner wall only where that does not work."""
    works = walls.bubblewrap_works() if bubblewrap is None else bubblewrap
    if not works and (folder := walls.unreachable()):
        raise InfrastructureError(_OUT_OF_REACH.format(folder=folder))
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            walls.command(_settings(setup, theirs.fileno(), gpu), gpu, bubblewrap=works),
            pass_fds=[theirs.fileno()],
            env=walls.environment(gpu),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
    return Launched(ours, process, works, gpu)


def _settings(setup: Sequence[str], control: int, gpu: Gpu | None) -> str:
    limits = {"memory": _MEMORY, "cpu_seconds": _CPU_SECONDS}
    return json.dumps(
        {
            "control": control,
            "setup": list(setup),
            "limits": {**limits, **(_GPU_LIMITS if gpu else {})},
            "readable": walls.readable(gpu),
            "writable": list(gpu.nodes) if gpu else [],
            "gpu": {"visible": gpu.visible, "memory": _GPU_MEMORY} if gpu else None,
            "packages": walls.PACKAGES,
        }
    )

"""Which wall this machine can raise: found by attacking it from inside, never assumed."""

from __future__ import annotations

import contextlib
import os
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

_ATTACKS = """
def attempt(solution, canary, port, pid, engine, secrets):
    import os, socket
    def succeeds(act):
        try:
            act()
        except BaseException:
            return False
        return True
    def fork():
        if os.fork() == 0:
            os._exit(0)
    def connect():
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    def send():
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", port))
    return {
        "read a private file": succeeds(lambda: open(canary).read()),
        "write a file": succeeds(lambda: open(os.path.join(os.path.dirname(canary), "w"), "w")),
        "change a file": succeeds(lambda: os.chmod(canary, 0o600)),
        "read the engine": succeeds(lambda: os.listdir(engine)),
        "list the hidden checks": any(succeeds(lambda: os.listdir(path)) for path in secrets),
        "reach the network": succeeds(connect) or succeeds(send),
        "signal the grader": succeeds(lambda: os.kill(pid, 0)),
        "read the grader's memory": succeeds(lambda: open(f"/proc/{pid}/mem", "rb")),
        "start a process": succeeds(fork),
        "be root": os.getuid() == 0,
    }
"""


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
        breaches = _attempted(process, secrets)
    finally:
        process.close()
    layers = ("bubblewrap",) if bubblewrap else ()
    held = Tier.ISOLATED if bubblewrap else Tier.CONFINED
    tier = Tier.SEPARATE if breaches else held
    return Sandbox(zygote, tier, layers, breaches, process.gpu)


def _attempted(process: SandboxProcess, secrets: Sequence[Path]) -> tuple[str, ...]:
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as server:
        os.chmod(folder, 0o777)  # only the wall may keep the attack out, not the file's mode
        canary = Path(folder, "canary")
        canary.write_text("secret")
        engine = str(bubblewrap.PACKAGE / "grading")
        args = [str(canary), server.getsockname()[1], os.getpid(), engine]
        args.append([str(path) for path in secrets])
        frame = protocol.pack({"do": "probe", "text": _ATTACKS, "name": "attempt"}, {"args": args})
        reply = process.ask(frame, time.monotonic() + 20)
    answer = protocol.unpack_frame(reply.raw) if reply.raw else {"values": {}}
    if not isinstance(answer["values"].get("result"), dict):
        raise InfrastructureError("The sandbox could not be examined: no answer came back.")
    return tuple(name for name, done in answer["values"]["result"].items() if done)


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

"""What the tests of the wall share: one warm sandbox, and probes that run inside it."""

from __future__ import annotations

import textwrap
import time
from typing import Any

from autograder.sandbox.client import Reply, SandboxProcess
from autograder.sandbox.inside import protocol


def ask(
    process: SandboxProcess, body: str, *args: Any, seconds: float = 20.0, seed: int = 0
) -> Reply:
    """Run some code in the process; it returns the answer."""
    text = "def probe(solution, *args):\n" + textwrap.indent(textwrap.dedent(body), "    ")
    request = {"do": "probe", "name": "probe", "text": text, "seed": seed}
    frame = protocol.pack(request, {"args": list(args)})
    return process.ask(frame, time.monotonic() + seconds)


def result(reply: Reply) -> Any:
    """The value in an answer."""
    assert reply.raw is not None, reply.status
    return protocol.unpack_frame(reply.raw)["values"]["result"]

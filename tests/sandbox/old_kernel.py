"""Examines a sandbox on an imitated kernel: parts of the inner wall are switched off for a test.

    python -m tests.sandbox.old_kernel [LINE...]

Each line is Python that runs in the zygote before it raises anything, with ``lockdown`` and
``seccomp`` at hand. Who starts this decides the outer wall: see tests.support.runners.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator, Sequence

import pytest

from autograder.model import Tier
from autograder.sandbox import bubblewrap, tiers

WITHOUT_LANDLOCK = "lockdown.ruleset = lambda *given: None"
WITH_AN_OLD_LANDLOCK = "lockdown._version = lambda: 3"  # files, but neither TCP nor signals
WITHOUT_SECCOMP = "seccomp.install = lambda calls: False"


@contextlib.contextmanager
def imitated(lines: Sequence[str]) -> Iterator[None]:
    """Have every zygote that starts meanwhile run these lines first."""
    with pytest.MonkeyPatch.context() as patch:
        code = "; ".join(["from inside import lockdown, seccomp", *lines, "from inside.zygote"])
        start = bubblewrap._START.replace("from inside.zygote", code)
        patch.setattr(bubblewrap, "_START", start)
        yield


def main(*lines: str) -> None:
    """Print the tier that is found, and what was possible."""
    with imitated(lines), tiers.start(["import torch"], Tier.PRACTICE) as sandbox:
        print(json.dumps({"tier": sandbox.tier, "breaches": sandbox.breaches}))


if __name__ == "__main__":
    main(*sys.argv[1:])

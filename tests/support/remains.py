"""What sandboxed code may have left on this machine: processes, mounts, files, shared memory."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from autograder.sandbox import bubblewrap

_OPEN_TO_ALL = ("/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue")
_PLANTED = ("planted", "for-the-next", ".OTTER_LOG", "sitecustomize.py", "results.json")
_PATIENCE = 5  # seconds in which an orphan may end


def remains() -> set[str]:
    """Everything that is there now; what was there before is for the caller to take away."""
    return {*_orphans(), *_mounts(), *_files(), *_shared_memory()}


def left_since(before: set[str]) -> set[str]:
    """What has come since and does not go away by itself."""
    deadline = time.monotonic() + _PATIENCE
    while (left := remains() - before) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


def _orphans() -> Iterator[str]:
    """Processes of a sandbox whose grader is gone."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            state = (folder / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue  # it has ended meanwhile
        if str(bubblewrap.INSIDE).encode() in command and state[0] != "Z" and state[1] == "1":
            yield f"process {folder.name}"


def _mounts() -> Iterator[str]:
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        yield f"mount at {line.split()[4]}"


def _files() -> Iterator[str]:
    """Files of the throw-away user, and those that the attacks of this repository try to leave."""
    for path in (path for place in _OPEN_TO_ALL for path in Path(place).glob("*")):
        try:
            if path.lstat().st_uid in bubblewrap.THROW_AWAY_UIDS or path.name in _PLANTED:
                yield f"file {path}"
        except OSError:
            continue


def _shared_memory() -> Iterator[str]:
    """Segments of the throw-away user, which outlive their processes."""
    table = Path("/proc/sysvipc/shm")
    for line in table.read_text().splitlines()[1:] if table.exists() else []:
        if int(line.split()[7]) in bubblewrap.THROW_AWAY_UIDS:
            yield f"shared memory {line.split()[1]}"

"""One service at a time on a folder with SQLite: two would give the same work to two queues."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO

from autograder.errors import UsageError

FILE = "serving"


def claim(folder: Path) -> IO[bytes]:
    """Hold a data folder until the returned file is closed or its process ends, however it ends.

    Raises:
        UsageError: another service holds it.
    """
    file = (folder / FILE).open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise UsageError(
            f"{folder}: another autograder serve runs on this folder. Stop it first, or choose "
            "another folder with --data."
        ) from None
    return file

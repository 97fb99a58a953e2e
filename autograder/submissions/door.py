"""The one door to what students submit: regular files, reached without any link.

A submission may be a checkout or a container's folder, in which a student can make links and pipes:
``a1.ipynb`` may point to the solutions, and a pipe may wait for ever. Whatever is written beside a
student's files is a new file, put in place of what is there: a link is replaced, never followed.
"""

from __future__ import annotations

import os
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW
_FILE = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK  # a pipe does not keep us


@contextmanager
def opened(path: Path) -> Iterator[BufferedReader]:
    """Open a file for reading, each folder on the way and the file itself without any link.

    Raises:
        OSError: it is no regular file, or one of the names on the way is a link.
    """
    folder = os.open("/", _FOLDER & ~os.O_NOFOLLOW)
    try:
        for name in path.absolute().parts[1:-1]:
            below = os.open(name, _FOLDER, dir_fd=folder)
            os.close(folder)
            folder = below
        descriptor = os.open(path.name, _FILE, dir_fd=folder)
    finally:
        os.close(folder)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(0, "not a regular file")
    with os.fdopen(descriptor, "rb") as file:
        yield file


def put(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Write a new file and put it in the place of whatever has this name.

    Raises:
        OSError: it cannot be written, or what has this name is the machine's: a device, a socket.
    """
    if path.absolute().parts[:2] == ("/", "dev") and path.parts[:3] != ("/", "dev", "shm"):
        raise OSError(0, "a device, and no place for a file", str(path))
    if not path.name:  # "." or "/"
        raise OSError(0, "a folder, and no name of a file", str(path))
    unfinished = path.with_name(f".{uuid.uuid4().hex}.tmp")
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        os.replace(unfinished, path)
    finally:
        with suppress(OSError):
            unfinished.unlink()

"""Files by the SHA-256 of their contents: on the disk before anybody hears of them.

A file's place depends on its contents alone, so no name that a student chooses becomes a path. A
worker reads a file through a link in a folder of its own, under a harmless form of its name, since
the name's ending says what a file is meant to be.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from autograder.errors import InfrastructureError
from autograder.report.sanitize import one_line

LONGEST = 150  # bytes of a name
ROOM = 1 << 30  # bytes of the disk that stay free for the database and what is being graded
_OLD = 3600  # seconds; no upload and no grading takes as long
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Files:
    """A folder of files, each named by its digest."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "files"
        self._coming = folder / "coming"
        self._work = folder / "work"
        for place in (self._folder, self._coming, self._work):
            place.mkdir(parents=True, exist_ok=True)

    def sweep(self) -> None:
        """Remove what a killed process was writing or reading; another one may be at work."""
        for place in (self._coming, self._work):
            old = (left for left in place.iterdir() if time.time() - left.stat().st_mtime > _OLD)
            for left in old:
                shutil.rmtree(left) if left.is_dir() else left.unlink()

    @contextmanager
    def coming(self) -> Iterator[Coming]:
        """A file that arrives in pieces; it is forgotten unless it is kept."""
        path = self._coming / uuid.uuid4().hex
        with path.open("xb") as file:
            try:
                yield Coming(self, file, path)
            finally:
                with suppress(OSError):
                    path.unlink()

    @property
    def has_room(self) -> bool:
        """Whether the disk has room for another file."""
        return shutil.disk_usage(self._folder).free > ROOM

    def put(self, content: bytes) -> str:
        """Keep a file; return its digest."""
        with self.coming() as arriving:
            arriving.write(content)
            return arriving.keep()

    def read(self, digest: str) -> bytes:
        """The contents of a file."""
        path = self.path(digest)
        try:
            return path.read_bytes()
        except OSError as error:
            raise InfrastructureError(f"{path}: cannot be read ({error.strerror}).") from error

    def path(self, digest: str) -> Path:
        """Where a file lies."""
        if not _DIGEST.fullmatch(digest):
            raise InfrastructureError(f"{digest[:80]!r} is no digest: the database is damaged.")
        return self._folder / digest[:2] / digest

    @contextmanager
    def under_name(self, digest: str, name: str) -> Iterator[Path]:
        """The file under a harmless form of the name that its student gave it."""
        folder = self._work / uuid.uuid4().hex
        folder.mkdir()
        try:
            path = folder / harmless(name)
            os.link(self.path(digest), path)
            yield path
        except OSError as error:
            raise InfrastructureError(f"{folder}: {error.strerror}.") from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)


class Coming:
    """One file on its way in."""

    def __init__(self, files: Files, file: IO[bytes], path: Path) -> None:
        self._files = files
        self._file = file
        self._path = path
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, piece: bytes) -> None:
        """Take the next piece."""
        self._file.write(piece)
        self._hash.update(piece)
        self.size += len(piece)

    def keep(self) -> str:
        """Keep what has come; when this returns the digest, the disk has it."""
        digest = self._hash.hexdigest()
        place = self._files.path(digest)
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            if not place.parent.exists():
                place.parent.mkdir(exist_ok=True)
                _sync(place.parent.parent)
            os.replace(self._path, place)
            _sync(place.parent)
        except OSError as error:
            raise InfrastructureError(f"{place}: cannot be kept ({error.strerror}).") from error
        return digest


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def harmless(name: str) -> str:
    """A student's name for a file without what could lead elsewhere; its ending stays."""
    plain = one_line(name, 10_000).replace("/", "_").replace("\\", "_").lstrip(".")
    stem, dot, ending = plain.rpartition(".")
    if not dot or len(ending.encode()) > LONGEST // 4:
        stem, ending = plain, ""
    room = LONGEST - len(ending.encode()) - 1
    short = stem.encode()[:room].decode(errors="ignore")
    return f"{short or 'notebook'}{'.' + ending if ending else ''}"

"""All that a service keeps, as one zip file, while it runs; and back into an empty folder."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
import zipfile
from pathlib import Path
from typing import IO

from autograder.errors import InfrastructureError, UsageError
from autograder.service.service import SECRET
from autograder.service.storage.database import FILE


def back_up(data: Path, target: Path) -> int:
    """Write a backup; return the number of files in it. The service may run meanwhile.

    The rows come first: whatever file they name was there before them, and files never change.
    """
    if not (data / SECRET).is_file():
        raise UsageError(f"{data}: holds no service. Name its folder with --data.")
    try:
        # For our eyes alone from its first byte: whoever has it can sign in as anybody.
        descriptor, unfinished = tempfile.mkstemp(".tmp", ".", target.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                count = _write(data, file)
            os.replace(unfinished, target)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(unfinished)
    except OSError as error:
        raise InfrastructureError(f"{target}: cannot be written ({error.strerror}).") from error
    return count


def _write(data: Path, file: IO[bytes]) -> int:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        _add_rows(data, archive)
        archive.write(data / SECRET, SECRET)
        for path in sorted((data / "files").glob("*/*")):
            archive.write(path, str(path.relative_to(data)))
        return len(archive.namelist())


def restore(source: Path, data: Path) -> int:
    """Fill an empty folder from a backup; return the number of files."""
    if data.exists() and any(data.iterdir()):
        raise UsageError(f"{data}: is not empty. Name a new folder with --data.")
    try:
        with zipfile.ZipFile(source) as archive:
            if bad := archive.testzip():
                raise UsageError(f"{source}: is damaged ({bad}). Take another backup.")
            archive.extractall(data)  # which lets no name out of the folder
    except (OSError, zipfile.BadZipFile) as error:
        raise UsageError(f"{source}: is no backup that can be read ({error}).") from error
    if (data / SECRET).is_file():
        os.chmod(data / SECRET, 0o600)
        return sum(path.is_file() for path in data.rglob("*"))
    shutil.rmtree(data)
    raise UsageError(f"{source}: is a zip file, but no backup of a service.")


def _add_rows(data: Path, archive: zipfile.ZipFile) -> None:
    """SQLite's own copy of one moment; a server's rows are backed up by its own tools."""
    if not (data / FILE).is_file():
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, FILE)
        with (
            contextlib.closing(sqlite3.connect(data / FILE)) as live,
            contextlib.closing(sqlite3.connect(copy)) as still,
        ):
            live.backup(still)
            still.execute("PRAGMA journal_mode=DELETE")
        archive.write(copy, FILE)

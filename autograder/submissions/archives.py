"""Opens zip files that somebody else has packed: regular members only, within limits.

Nothing is unpacked by the archive's own paths: a member is read into memory, and who wants it
as a file gives it a name. What is odd about an archive ends in one sentence; no other kind of
archive is opened at all.
"""

from __future__ import annotations

import io
import itertools
import stat
import zipfile
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from autograder.errors import SubmissionError

MAX_MEMBERS = 5_000
MAX_MEMBER = 100 << 20  # bytes, unpacked
MAX_TOTAL = 4 << 30
_ENTRY = b"PK\x01\x02"  # begins each entry of an archive's list
_ARCHIVES = {".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar"}
_NOTEBOOKS = (".ipynb", ".py")  # in the order in which they count
_TOO_LARGE = "The zip file is too large when unpacked. Hand in the notebook only."
_DAMAGED = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, ValueError)


@dataclass(frozen=True)
class Member:
    """One notebook in an archive."""

    path: PurePosixPath
    content: bytes


def only_notebook(content: bytes) -> Member:
    """The one notebook in a student's zip file, else its one script."""
    if content.count(_ENTRY) > MAX_MEMBERS:  # a list of millions is not even read
        raise SubmissionError(_TOO_LARGE)
    for suffix in _NOTEBOOKS:
        # two are enough to know: a small archive may hold gigabytes of them
        found = list(itertools.islice(notebooks(io.BytesIO(content), (suffix,)), 2))
        if len(found) == 1:
            return found[0]
        if found:
            raise SubmissionError("The zip file holds more than one notebook. Hand in one only.")
    raise SubmissionError("The zip file holds no notebook. Hand in the file that ends in .ipynb.")


def notebooks(
    archive: Path | io.BytesIO, suffixes: Collection[str] = _NOTEBOOKS
) -> Iterator[Member]:
    """Read the notebooks and scripts in a zip file one by one, once all of it looks harmless."""
    try:
        with zipfile.ZipFile(archive) as opened:
            infos = [info for info in opened.infolist() if not _is_chaff(info)]
            _refuse_odd(infos)
            for info in infos:
                if PurePosixPath(info.filename).suffix.lower() in suffixes:
                    yield Member(PurePosixPath(info.filename), _content(opened, info))
    except _DAMAGED as error:
        raise SubmissionError(
            "The file could not be opened as a zip file. Hand in the notebook itself."
        ) from error


def _is_chaff(info: zipfile.ZipInfo) -> bool:
    """Folders, and what macOS and Jupyter put beside a notebook."""
    parts = PurePosixPath(info.filename).parts
    hidden = any(part.startswith(".") and part != ".." for part in parts)
    return info.is_dir() or hidden or "__MACOSX" in parts


def _refuse_odd(infos: list[zipfile.ZipInfo]) -> None:
    for info in infos:
        path = PurePosixPath(info.filename)
        if path.is_absolute() or ".." in path.parts or set(info.filename) & set('\\:\0\n"<>|'):
            raise SubmissionError(
                "The zip file names a place outside itself. Zip the notebook again."
            )
        if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
            raise SubmissionError("The zip file holds a link. Zip the notebook itself.")
        if path.suffix.lower() in _ARCHIVES:
            raise SubmissionError(
                "The zip file holds another archive. Hand in the notebook itself."
            )
        if info.flag_bits & 1:
            raise SubmissionError("The zip file is locked with a password. Zip it without one.")
    large = any(info.file_size > MAX_MEMBER for info in infos)
    if large or len(infos) > MAX_MEMBERS or sum(info.file_size for info in infos) > MAX_TOTAL:
        raise SubmissionError(_TOO_LARGE)


def _content(opened: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """A member's bytes, and no more of them than its entry promised."""
    with opened.open(info) as member:
        return member.read(info.file_size)

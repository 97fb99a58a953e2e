"""Zip files that others have packed: what is taken from them, and what is refused."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path

import pytest

from autograder.errors import SubmissionError
from autograder.submissions import archives
from tests.support.forms import zipped

NOTEBOOK = b'{"cells": []}'


def with_entry(name: str, content: bytes = NOTEBOOK, mode: int = 0, flags: int = 0) -> bytes:
    """A zip file with one entry of any kind."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        info = zipfile.ZipInfo(name)
        info.external_attr = mode << 16
        archive.writestr(info, content)
    raw = bytearray(held.getvalue())
    for place in (raw.index(b"PK\x03\x04") + 6, raw.index(b"PK\x01\x02") + 8):
        raw[place] |= flags
    return bytes(raw)


def refusal(content: bytes) -> str:
    """Why a student's zip file is refused."""
    with pytest.raises(SubmissionError) as refused:
        archives.only_notebook(content)
    return str(refused.value)


def test_the_only_notebook_is_found() -> None:
    """Folders, hidden files, and what macOS adds do not count."""
    packed = zipped({"me/a1.ipynb": NOTEBOOK, "__MACOSX/me/._a1.ipynb": b"x", "me/": b"",
                     ".ipynb_checkpoints/a1-checkpoint.ipynb": b"x", "notes.txt": b""})  # fmt: skip
    assert archives.only_notebook(packed).content == NOTEBOOK


def test_a_notebook_counts_before_a_script() -> None:
    """A script beside a notebook is a helper; alone it is the submission."""
    both = archives.only_notebook(zipped({"helper.py": b"x = 1", "a1.ipynb": NOTEBOOK}))
    assert both.path.name == "a1.ipynb"
    assert archives.only_notebook(zipped({"a1.py": b"x = 1"})).path.name == "a1.py"


@pytest.mark.parametrize(
    "name",
    [
        "../a.ipynb",
        "a/../../a.ipynb",
        "/etc/a.ipynb",
        "C:\\a.ipynb",
        "a\\..\\b.ipynb",
        "a\nb.ipynb",
    ],
)
def test_paths_out_of_the_archive_are_refused(name: str) -> None:
    """A member may not name a place outside the archive."""
    assert "names a place outside itself" in refusal(with_entry(name))


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_links_and_devices_are_refused(kind: int) -> None:
    """A member may only be a regular file."""
    assert "holds a link" in refusal(with_entry("a.ipynb", b"/etc/passwd", kind | 0o644))


@pytest.mark.parametrize("suffix", ["zip", "tar", "gz", "7z", "ZIP"])
def test_archives_of_archives_are_refused(suffix: str) -> None:
    """An archive may not hold another."""
    packed = zipped({"a.ipynb": NOTEBOOK, f"more.{suffix}": zipped({"b.ipynb": NOTEBOOK})})
    assert "holds another archive" in refusal(packed)


def test_a_locked_archive_is_refused() -> None:
    """A password is named as the reason."""
    assert "locked with a password" in refusal(with_entry("a.ipynb", flags=1))


def test_what_is_too_large_is_refused_before_it_is_unpacked() -> None:
    """The sizes are read from the archive's list, without unpacking anything."""
    assert "too large" in refusal(zipped({"a.ipynb": b" " * (archives.MAX_MEMBER + 1)}))
    assert "too large" in refusal(
        zipped({f"{i}.txt": b"" for i in range(archives.MAX_MEMBERS + 1)})
    )


def test_a_list_of_too_many_members_is_not_even_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Millions of entries would fill the memory before any of them could be refused."""
    packed = zipped({f"{i}.txt": b"" for i in range(archives.MAX_MEMBERS + 1)})
    monkeypatch.setattr(zipfile, "ZipFile", None)
    assert "too large" in refusal(packed)


def test_many_large_notebooks_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an archive with many notebooks, no more are unpacked than tell that they are many."""
    read: list[str] = []
    monkeypatch.setattr(
        archives, "_content", lambda opened, info: read.append(info.filename) or NOTEBOOK
    )
    assert "more than one notebook" in refusal(zipped({f"{i}.ipynb": b"" for i in range(40)}))
    assert len(read) == 2


def test_an_entry_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    """More bytes than the list promised are never unpacked."""
    raw = bytearray(zipped({"a.ipynb": b" " * 5_000_000}))
    small = (1000).to_bytes(4, "little")
    start, listed = raw.index(b"PK\x03\x04"), raw.index(b"PK\x01\x02")
    raw[start + 22 : start + 26] = small
    raw[listed + 24 : listed + 28] = small
    assert "could not be opened" in refusal(bytes(raw))


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x03\x04", b"no zip at all", zipped({"a.ipynb": NOTEBOOK})[:-30]],
    ids=["empty", "a start only", "no zip", "cut off"],
)
def test_damaged_archives_are_refused(content: bytes) -> None:
    """What cannot be opened is said to be so."""
    assert "could not be opened as a zip file" in refusal(content)

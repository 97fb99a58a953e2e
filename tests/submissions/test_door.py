"""The door to students' files: no link leads through it, no pipe keeps it waiting."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from autograder.submissions import door


def read(path: Path) -> bytes:
    """What the door gives."""
    with door.opened(path) as file:
        return file.read()


def test_a_regular_file_is_read(tmp_path):
    """A file in folders of any depth is read whole."""
    path = tmp_path / "a" / "b" / "x.ipynb"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"{}")
    assert read(path) == b"{}"


def test_no_link_leads_anywhere(tmp_path):
    """Neither a link in place of the file nor one in place of a folder on the way is followed."""
    (tmp_path / "course").mkdir()
    secret = tmp_path / "course" / "x.ipynb"
    secret.write_bytes(b"secret")
    (tmp_path / "file.ipynb").symlink_to(secret)
    (tmp_path / "folder").symlink_to(secret.parent)
    for path in (tmp_path / "file.ipynb", tmp_path / "folder" / "x.ipynb"):
        with pytest.raises(OSError):  # noqa: PT011  (the system's own words)
            read(path)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "folder"])
def test_what_is_no_regular_file_is_refused_at_once(tmp_path, make):
    """A pipe that nobody writes to, and a folder, are no files."""
    make(tmp_path / "x.ipynb")
    with pytest.raises(OSError):  # noqa: PT011  (the system's own words)
        read(tmp_path / "x.ipynb")


def test_what_is_written_replaces_a_link_and_never_follows_it(tmp_path):
    """Whatever a student's ``result.json`` pointed to stays as it was."""
    precious = tmp_path / "precious"
    precious.write_bytes(b"precious")
    for name in ("result.json", "new.json"):
        if name == "result.json":
            (tmp_path / name).symlink_to(precious)
        door.put(tmp_path / name, b"result")
        assert (tmp_path / name).read_bytes() == b"result"
        assert not (tmp_path / name).is_symlink()
    assert precious.read_bytes() == b"precious"
    assert len(list(tmp_path.iterdir())) == 3


def test_what_is_refused_leaves_no_descriptor_open(tmp_path):
    """A folder where a file is looked for, a pipe and a missing file cost no descriptor."""
    os.mkfifo(tmp_path / "pipe")
    before = len(os.listdir("/proc/self/fd"))
    for name in ("", "pipe", "missing") * 3:
        with pytest.raises(OSError):  # noqa: PT011  (the system's own words)
            read(tmp_path / name)
    assert len(os.listdir("/proc/self/fd")) == before

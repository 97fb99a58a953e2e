"""Zip files that others have packed: what is taken from them, and what is refused."""

from __future__ import annotations

import io
import random
import stat
import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from autograder.errors import SubmissionError
from autograder.submissions import archives
from tests.support.forms import zipped

NOTEBOOK = b'{"cells": []}'
SCRIPT = b"import torch\n\ndef half(x): pass\n"


def holding(answers: int) -> bytes:
    """A notebook with so many answers."""
    return b'{"cells": [], "answers": "' + b"!" * answers + b'"}'


def count(member: archives.Member) -> int | None:
    """How many answers a member holds; none of what is no notebook is readable."""
    readable = member.content.startswith((b'{"cells"', b"import"))
    return member.content.count(b"!") if readable else None


def chosen(members: dict[str, bytes] | bytes, assignment: str = "a1") -> archives.Member:
    """What is read of a student's zip file."""
    content = members if isinstance(members, bytes) else zipped(members)
    return archives.only_notebook(content, assignment, count)


def with_entry(
    name: str, content: bytes = NOTEBOOK, mode: int = 0, flags: int = 0, beside: bytes = b""
) -> bytes:
    """A zip file with one entry of any kind, and perhaps a plain notebook behind it."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        info = zipfile.ZipInfo(name)
        info.external_attr = mode << 16
        archive.writestr(info, content)
        if beside:
            archive.writestr("a1.ipynb", beside)
    raw = bytearray(held.getvalue())
    for place in (raw.index(b"PK\x03\x04") + 6, raw.index(b"PK\x01\x02") + 8):
        raw[place] |= flags
    return bytes(raw)


def test_a_member_without_a_name_hides_no_notebook() -> None:
    """Python 3.11 itself trips over such an entry when it is asked whether that is a folder."""
    assert chosen(with_entry("", b"x", beside=NOTEBOOK)).content == NOTEBOOK


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_few_bytes_do_not_become_all_memory(method: int) -> None:
    """Where an entry says that it holds little, no more than that little is unpacked."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as archive:
        archive.writestr("a1.ipynb", NOTEBOOK + b" " * (128 << 20))
    content = bytearray(held.getvalue())
    struct.pack_into("<L", content, content.index(b"PK\x01\x02") + 24, 1 << 20)
    tracemalloc.start()
    try:
        refusal(bytes(content)) if method == zipfile.ZIP_LZMA else chosen(bytes(content))
        assert tracemalloc.get_traced_memory()[1] < 80 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, zipfile.ZIP_DEFLATED])
def test_every_usual_method_is_unpacked(method: int) -> None:
    """Also those that few programs use; a large member is unpacked whole."""
    held, content = io.BytesIO(), NOTEBOOK + random.Random(7).randbytes(300_000) + b" " * (1 << 20)
    with zipfile.ZipFile(held, "w", method) as archive:
        archive.writestr("a1.ipynb", content)
    assert chosen(held.getvalue()).content == content


def refusal(members: dict[str, bytes] | bytes) -> str:
    """Why a student's zip file is refused."""
    with pytest.raises(SubmissionError) as refused:
        chosen(members)
    return str(refused.value)


# --- which member counts -------------------------------------------------------------------------


def test_the_only_notebook_is_found() -> None:
    """Folders, hidden files, and what systems and tools add do not count."""
    clutter = ["__MACOSX/me/._a1.ipynb", ".ipynb_checkpoints/a1-checkpoint.ipynb", "me/._a1.ipynb",
               ".git/a1.ipynb", "venv/a1.ipynb", "node_modules/a1.ipynb", "__pycache__/a1.ipynb",
               "../me/"]  # fmt: skip
    found = chosen({"me/a1.ipynb": NOTEBOOK, "notes.txt": b"", **dict.fromkeys(clutter, b"x")})
    assert (str(found.path), found.content, found.among) == ("me/a1.ipynb", NOTEBOOK, 1)


def test_clutter_alone_is_no_notebook() -> None:
    """What a tool has kept is not submitted for the student."""
    packed = {".ipynb_checkpoints/a1-checkpoint.ipynb": NOTEBOOK, "a.png": b""}
    assert refusal(packed) == (
        "The zip file holds no notebook, only a.png. Submit the file that ends in .ipynb."
    )
    assert "holds no notebook. Submit" in refusal({})


@pytest.mark.parametrize("name", ["a1.ipynb.txt", "a1.json", "a1", "a1.ipynb (1)", "A1.IPYNB"])
def test_a_notebook_is_known_by_its_content(name: str) -> None:
    """Whatever it is called; a text that only bears its name is none."""
    assert chosen({name: NOTEBOOK, "help.txt": b"text", "b.csv": b"1,2"}).content == NOTEBOOK
    assert chosen({"a1.ipynb": b"%PDF", name.lower() + ".json": NOTEBOOK}).content == NOTEBOOK


def test_a_notebook_counts_before_a_script() -> None:
    """A script beside a notebook is a helper; alone it is the submission."""
    both = chosen({"helper.py": SCRIPT, "a1.ipynb": NOTEBOOK})
    assert (both.path.name, both.among) == ("a1.ipynb", 1)
    assert chosen({"helper.py": SCRIPT, "README.md": b"```python\n```"}).path.name == "helper.py"
    assert chosen({"a.md": b"```python\nx = 1\n```"}).path.name == "a.md"


def test_a_script_with_answers_counts_before_a_notebook_without() -> None:
    """Whoever exported the notebook and zipped both submitted the script."""
    assert chosen({"a1.ipynb": NOTEBOOK, "a1.py": SCRIPT + b"#!"}).path.name == "a1.py"


def test_a_broken_notebook_counts_before_a_script_without_answers() -> None:
    """Its student hears what is wrong with it, not that the helper answers nothing."""
    assert chosen({"helper.py": SCRIPT, "a1.ipynb": b"<html>"}).path.name == "a1.ipynb"


@pytest.mark.parametrize(
    ("wins", "loses"),
    [
        ("a1.ipynb", "a1 (1).ipynb"),
        ("x/A1.ipynb.txt", "my_a1.ipynb"),
        ("a1 (1).ipynb", "a1_ada.ipynb"),
        ("a1-1.ipynb", "my_a1.ipynb"),
        ("a1 - Copy.ipynb", "my a1.ipynb"),
        ("my_A1_final.ipynb", "scratch.ipynb"),
        ("my_a1.ipynb", "a10.ipynb"),
    ],
)
def test_of_several_the_one_named_like_the_assignment_counts(wins: str, loses: str) -> None:
    """The released name first, then a copy's, then any that contains it; not the one with more."""
    for answers in (0, 1):
        members = {loses: holding(answers * 2), wins: holding(answers)}
        found = chosen(members)
        assert (found.path.name, found.among) == (wins.split("/")[-1], 2)


def test_a_name_without_answers_counts_less_than_answers() -> None:
    """The notebook as it was released may lie beside the one that was worked on."""
    found = chosen({"a1.ipynb": NOTEBOOK, "mine.ipynb": holding(1), "b.ipynb": NOTEBOOK})
    assert found.path.name == "mine.ipynb"


def test_of_equal_names_the_one_that_answers_most_counts() -> None:
    """Where names decide nothing, answers do."""
    members = {"b.ipynb": holding(2), "c.ipynb": holding(3), "d.ipynb": b"%PDF"}
    assert chosen(members).path.name == "c.ipynb"


def test_equal_copies_are_one_notebook() -> None:
    """Whichever is read, the score is the same."""
    copies = dict.fromkeys(("mon/b.ipynb", "tue/b.ipynb"), holding(2))
    assert str(chosen(copies).path) == "mon/b.ipynb"


def test_of_alike_ones_the_one_in_the_fewest_folders_counts() -> None:
    """A copy in a folder is seldom what was meant; one that answers more is."""
    two, other = holding(2), holding(2) + b" "
    assert str(chosen({"backup/a1.ipynb": other, "a1.ipynb": two}).path) == "a1.ipynb"
    assert str(chosen({"work/a1.ipynb": holding(3), "a1.ipynb": two}).path) == "work/a1.ipynb"
    nothing = {"b/a1.ipynb": holding(0) + b" ", "a1.ipynb": holding(0)}
    assert str(chosen(nothing).path) == "a1.ipynb"


def test_ones_of_one_name_are_told_with_their_folders() -> None:
    """Two files that are both called a1.ipynb cannot be told apart by that."""
    said = refusal({"mon/a1.ipynb": holding(2), "tue/a1.ipynb": holding(2) + b" "})
    assert "more than one notebook: mon/a1.ipynb and tue/a1.ipynb." in said


@pytest.mark.parametrize("answers", [0, 2])
def test_what_nothing_decides_is_refused_with_names(answers: int) -> None:
    """Up to three names in the fewest folders are listed, without what hides in them."""
    names = ["b.ipynb", "c\u202e.ipynb", "x/d.ipynb", "e.ipynb", "f.ipynb"]
    members = {name: holding(answers) + b" " * i for i, name in enumerate(names)}
    said = refusal(members)
    assert "more than one notebook: b.ipynb, c?.ipynb, e.ipynb and 1 more. Submit" in said


@pytest.mark.parametrize("name", ["me\\a1.ipynb", 'my "a1": final?.ipynb', "a\n1.ipynb"])
def test_odd_names_do_no_harm(name: str) -> None:
    """Nothing is ever unpacked by its name, so what Windows could not unpack is read."""
    assert chosen(with_entry(name)).content == NOTEBOOK


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
@pytest.mark.parametrize("name", ["data", "a2.ipynb"])
def test_a_link_beside_a_notebook_is_passed_over(kind: int, name: str) -> None:
    """Nothing is read of it, so it does no harm."""
    packed = with_entry(name, b"/etc/passwd", kind | 0o644, beside=NOTEBOOK)
    assert (chosen(packed).content, chosen(packed).among) == (NOTEBOOK, 1)


@pytest.mark.parametrize("suffix", ["zip", "tar", "gz", "7z", "ZIP"])
def test_an_archive_beside_a_notebook_is_passed_over(suffix: str) -> None:
    """It may be the data; it is not opened."""
    packed = {f"data.{suffix}": zipped({"a1.ipynb": holding(9)}), "b.ipynb": holding(1)}
    assert chosen(packed).path.name == "b.ipynb"


def test_large_data_beside_a_notebook_is_not_read() -> None:
    """Only what may be the notebook must be small."""
    large = b" " * (archives.MAX_MEMBER + 1)
    assert chosen({"weights.bin": large, "a1.ipynb": NOTEBOOK}).content == NOTEBOOK
    assert chosen({"b.ipynb": large, "a1.ipynb": NOTEBOOK}).content == NOTEBOOK


def test_a_damaged_member_leaves_the_others() -> None:
    """A notebook that can be read is read, though another one cannot."""
    for length in (10, 100_000):  # damaged at its beginning, or where only all of it shows
        long = holding(2) + random.Random(0).randbytes(length).hex().encode()
        raw = bytearray(zipped({"b.ipynb": long, "c.ipynb": holding(1)}))
        raw[raw.index(b"PK\x03\x04", 4) - 9] ^= 0xFF
        assert chosen(bytes(raw)).path.name == "c.ipynb"


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "../a.ipynb",
        "a/../../a.ipynb",
        "/etc/a.ipynb",
        "C:\\a.ipynb",
        "a\\..\\b.ipynb",
    ],
)
def test_paths_out_of_the_archive_are_refused(name: str) -> None:
    """A member may not name a place outside the archive."""
    assert "names a place outside itself" in refusal(with_entry(name))


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_links_and_devices_are_refused(kind: int) -> None:
    """A notebook may only be a regular file."""
    assert "holds a link" in refusal(with_entry("a.ipynb", b"/etc/passwd", kind | 0o644))


@pytest.mark.parametrize("suffix", ["zip", "tar", "gz", "7z", "ZIP"])
def test_archives_of_archives_are_refused(suffix: str) -> None:
    """The notebook may not be in an archive in the archive."""
    packed = {f"more.{suffix}": zipped({"b.ipynb": NOTEBOOK}), "notes.txt": b""}
    assert "holds another archive" in refusal(packed)


def test_a_locked_archive_is_refused() -> None:
    """A password is named as the reason."""
    assert "locked with a password" in refusal(with_entry("a.ipynb", flags=1))


def test_what_is_too_large_is_refused_before_it_is_unpacked() -> None:
    """The sizes are read from the archive's list, without unpacking anything."""
    assert "too large" in refusal({"a.ipynb": b" " * (archives.MAX_MEMBER + 1)})
    assert "too large" in refusal({f"{i}.png": b"" for i in range(archives.MAX_MEMBERS + 1)})
    long = "a/" * 32_000  # of which each folder is looked at
    assert "too large" in refusal({f"{long}{i}.ipynb": NOTEBOOK for i in range(170)})


def test_clutter_is_not_counted() -> None:
    """Whoever zips an environment along still submits one notebook."""
    packages = {f"venv/{i}.py": b"" for i in range(archives.MAX_MEMBERS + 1)}
    assert chosen({"a1.ipynb": NOTEBOOK, **packages}).content == NOTEBOOK


def test_a_list_of_too_many_members_is_not_even_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Millions of entries would fill the memory before any of them could be refused."""
    monkeypatch.setattr(zipfile, "ZipFile", None)
    assert "too large" in refusal(b"PK\x03\x04" + b"PK\x01\x02" * (archives.MAX_ENTRIES + 1))


def test_many_large_notebooks_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an archive with many notebooks, none is read beyond its beginning."""
    monkeypatch.setattr(archives, "_content", None)
    assert "more than one notebook" in refusal({f"{i}.ipynb": holding(1) for i in range(40)})
    large = {f"{i}.ipynb": NOTEBOOK + b" " * (archives.MAX_MEMBER // 2) for i in range(3)}
    assert "more than one notebook" in refusal(large)


def test_not_every_text_is_looked_at() -> None:
    """After some hundred there is an end; what is called a notebook is among the first."""
    texts = {f"{i}.txt": b"text" for i in range(archives.MAX_LOOKED_AT)}
    assert "holds no notebook" in refusal({**texts, "z": NOTEBOOK})
    assert chosen({**texts, "z.ipynb": NOTEBOOK}).path.name == "z.ipynb"


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

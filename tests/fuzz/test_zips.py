"""Zip files, damaged or made to deceive: of one student, and of a whole class."""

from __future__ import annotations

import io
import stat
import tempfile
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import strategies as st

from autograder.submissions import read
from autograder.submissions.find import Found, find
from tests.fuzz.support import changed, fuzzed, value_or_error
from tests.fuzz.test_notebooks import submission_of
from tests.support.handed_in import A1, COURSE, answered, untouched

METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
LINK, PIPE = stat.S_IFLNK | 0o777, stat.S_IFIFO | 0o644
HEADERS = (  # where the fields of zip files begin, and values that no honest one has
    b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"\x01\0\x1c\0",
    b"\xff\xff", b"\x63\0", b"\x0c\0", b"\x0e\0", b"\x09\0", b"\x01\0",
)  # fmt: skip
PLACES = (
    "{0}.ipynb", "{0}/a1_layers.ipynb", "{0}\\a1_layers.ipynb", "in/{0}/x.py", "../{0}.ipynb",
    "/etc/{0}.ipynb", "C:\\{0}.ipynb", "{0}/../../x.ipynb", "{0}\\..\\x.ipynb", "", ".", "..",
    "{0}/", "a" * 300 + "{0}.ipynb", "{0}/" * 80 + "x.ipynb", "{0}\0.ipynb", "{0}.zip", "{0}.PY ",
    "{0}_12_34_a1_layers.ipynb", "__MACOSX/{0}.ipynb", "{0}\u202e.ipynb", "//{0}", "{0}//x.ipynb",
    "submission_{0}/x.ipynb", "submission_metadata.yml", "{0}", "a1_layers", "a1_layers/",
)  # fmt: skip
CONTENTS = (answered("one"), answered("two"), untouched(), b"", b"\0" * 5000, b"PK\x03\x04", b"{")
_names = st.builds(lambda place, who: place.format(who), st.sampled_from(PLACES),
                   st.sampled_from(["ana", "bob", "17"]))  # fmt: skip
_members = st.tuples(
    _names,
    st.sampled_from(CONTENTS),
    st.sampled_from(METHODS),
    st.sampled_from([0, 0, 0, stat.S_IFREG | 0o644, LINK, PIPE]),
)


def packed(members: list[tuple[str, bytes, int, int]]) -> bytes:
    """A zip file of these members: name, content, method and mode."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in dict.fromkeys(name for name, *_ in members):
            _, content, method, mode = next(member for member in members if member[0] == name)
            info = zipfile.ZipInfo(name)
            info.compress_type, info.external_attr = method, mode << 16
            with warnings.catch_warnings():  # two names may be one to a zip file
                warnings.simplefilter("ignore", UserWarning)
                archive.writestr(info, content)
    return stream.getvalue()


def zips() -> st.SearchStrategy[bytes]:
    """Zips of a few odd members, some with wrong bytes."""
    whole = st.lists(_members, min_size=1, max_size=5).map(packed)
    return st.one_of(whole, whole.flatmap(lambda content: changed(content, HEADERS)))


@fuzzed(zips())
def test_a_students_zip(content: bytes) -> None:
    """Whatever a student packs, there is a submission or a sentence."""
    submission_of(content, "a1_layers.zip")


@contextmanager
def temporary() -> Iterator[Path]:
    """A folder in which everything that is unpacked goes too."""
    before = tempfile.tempdir
    with tempfile.TemporaryDirectory() as folder:
        tempfile.tempdir = str(Path(folder, "unpacked"))
        Path(tempfile.tempdir).mkdir()
        try:
            yield Path(folder).resolve()
        finally:
            tempfile.tempdir = before


def found_in(archive: Path) -> Found | None:
    """What is found in the zip of a class; None where it is refused."""
    return value_or_error(find, [archive], COURSE, A1, but=str(archive))


@fuzzed(zips())
def test_the_zip_of_a_class(content: bytes) -> None:
    """Whatever the zip is, it is read or refused, and nothing is written outside our folder."""
    with temporary() as folder:
        archive = folder / "class.zip"
        archive.write_bytes(content)
        found = found_in(archive)
        for job in found.jobs.get(A1, ()) if found else ():
            assert job.problem or folder in job.path.resolve().parents
            if not job.problem:
                read.answers(job.path, _assignment())
        assert {path.name for path in folder.iterdir()} == {"class.zip", "unpacked"}
        assert archive.read_bytes() == content


def _assignment() -> read.Assignment:
    from tests.fuzz.test_notebooks import RELEASED

    return RELEASED


@fuzzed(st.sampled_from(METHODS).flatmap(
    lambda method: st.tuples(st.just(method), changed(bytes(range(256)) * 2))
))  # fmt: skip
def test_a_damaged_member_is_its_students_alone(damaged: tuple[int, bytes]) -> None:
    """What stands in one member's place leaves the others of the class as they are."""
    method, noise = damaged
    whole = packed([
        ("eve_1_2_x.ipynb", answered("eve"), method, 0),
        ("ana_3_4_x.ipynb", answered("ana"), method, 0),
        ("bob_5_6_x.ipynb", answered("bob"), method, 0),
    ])  # fmt: skip
    start = 30 + len("eve_1_2_x.ipynb")
    end = whole.index(b"PK\x03\x04", start)
    content = bytearray(whole)
    content[start : min(end, start + len(noise))] = noise[: end - start]
    with temporary() as folder:
        (folder / "class.zip").write_bytes(content)
        jobs = {job.student: job for job in find([folder / "class.zip"], COURSE, A1).jobs[A1]}
        assert jobs.keys() == {"eve_1", "ana_3", "bob_5"}
        assert jobs["ana_3"].path.read_bytes() == answered("ana")
        assert jobs["bob_5"].path.read_bytes() == answered("bob")

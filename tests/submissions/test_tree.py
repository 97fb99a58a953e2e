"""What is walked and unpacked: nothing outside, nothing without a word, no more than the limits."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from autograder.errors import UsageError
from autograder.submissions import tree
from autograder.submissions.find import find
from tests.support.handed_in import A1, COURSE, ROOT, answered, hand_in, zipped


def test_no_member_of_a_class_zip_leaves_its_folder(tmp_path):
    """Paths that lead elsewhere and links are written nowhere; their students have a result."""
    archive = tmp_path / "class.zip"
    archive.write_bytes(zipped({
        "../../eve_1_2_a1_layers.ipynb": b"eve", "/etc/roe_3_4_a1_layers.ipynb": b"roe",
        "ana_7_8_a1_layers.ipynb": answered(),
    }))  # fmt: skip
    with zipfile.ZipFile(archive, "a") as opened:
        link = zipfile.ZipInfo("ann_5_6_a1_layers.ipynb")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        opened.writestr(link, "/etc/passwd")
    found = find([archive], COURSE, A1)
    jobs = {job.student: job for job in found.jobs[A1]}
    assert {job.student for job in found.jobs[A1] if not job.problem} == {"ana_7"}
    assert "ann_5" in jobs
    assert len([one for one in found.passed_over if not one.clutter]) == 3
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == {archive}


def test_a_member_beyond_the_limit_costs_no_disk_and_drops_nobody(tmp_path, monkeypatch):
    """A bomb's student stays in the class, with a file that is too large to be read."""
    monkeypatch.setattr(tree, "MAX_MEMBER", 1000)
    archive = tmp_path / "class.zip"
    archive.write_bytes(zipped({"eve_1_2_a1_layers.ipynb": b"0" * 5000}))
    (entry,) = tree.unpack(archive).entries
    assert entry.path.stat().st_size == 1001
    assert entry.path.stat().st_blocks == 0


def test_a_damaged_member_is_its_students_alone(tmp_path):
    """One student's broken upload leaves the others of the zip as they are."""
    archive = tmp_path / "class.zip"
    archive.write_bytes(zipped({"eve_1_2_x.ipynb": answered("eve"), "ana_3_4_x.ipynb": answered()}))
    data = bytearray(archive.read_bytes())
    start = data.index(b'{"cells"')
    data[start : start + 8] = b"\xff" * 8
    archive.write_bytes(bytes(data))
    found = find([archive], COURSE, A1)
    assert {job.student: job.path.read_bytes() for job in found.jobs[A1]} == {
        "eve_1": b"", "ana_3": answered(),
    }  # fmt: skip


def test_a_member_that_no_reader_can_unpack_is_its_students_alone(tmp_path):
    """Whatever a broken stream makes Python's readers raise, the others of the zip are read."""
    archive = tmp_path / "class.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_LZMA) as packed:
        packed.writestr("eve_1_2_x.ipynb", answered("eve") * 20)
        packed.writestr("ana_3_4_x.ipynb", answered())
    data = bytearray(archive.read_bytes())
    start = 30 + len("eve_1_2_x.ipynb") + 9  # behind the header and LZMA's own settings
    data[start : start + 12] = b"\xff" * 12
    archive.write_bytes(bytes(data))
    found = find([archive], COURSE, A1)
    assert {job.student: job.path.read_bytes() for job in found.jobs[A1]} == {
        "eve_1": b"", "ana_3": answered(),
    }  # fmt: skip


def test_names_of_old_zip_programs_are_read_as_meant(tmp_path):
    """Backslashes of Windows, and UTF-8 that nobody has announced, as macOS writes it."""
    windows = tmp_path / "windows.zip"
    windows.write_bytes(zipped({"in\\ana\\x.ipynb": answered("1"), "in\\bob\\y.ipynb": answered()}))
    assert {job.student for job in find([windows], COURSE, A1).jobs[A1]} == {"ana", "bob"}
    macos = tmp_path / "macos.zip"
    plain = zipped({"in/J__rg/x.ipynb": answered("1"), "in/bob/y.ipynb": answered()})
    macos.write_bytes(plain.replace(b"J__rg", "Jörg".encode()))
    assert {job.student for job in find([macos], COURSE, A1).jobs[A1]} == {"Jörg", "bob"}


def test_too_deep_a_folder_ends_no_run(tmp_path):
    """Folders in folders beyond any use are passed over; the others are read."""
    root = hand_in(tmp_path, {"ana/x.ipynb": answered(), f"eve/{'d/' * 200}x.ipynb": b""})
    found = find([root], COURSE, A1)
    problems = {job.student: job.problem for job in found.jobs[A1]}
    assert problems["ana"] == ""
    assert "No file was submitted that could be graded" in problems["eve"]
    assert any("too many folders" in one.why for one in found.passed_over)


@pytest.mark.parametrize("named", [".", "./", "ana/..", "../class"])
def test_the_folder_in_which_one_stands_may_be_named(tmp_path, monkeypatch, named):
    """A dot is the folder itself, and not the one around it, which holds other classes."""
    root = hand_in(tmp_path / "class", {"ana/x.ipynb": answered(), "bob/x.ipynb": answered("bob")})
    hand_in(tmp_path, {"other/x.ipynb": answered("other")})
    monkeypatch.chdir(root)
    assert {job.student for job in find([Path(named)], COURSE, A1).jobs[A1]} == {"ana", "bob"}


def test_too_much_for_one_class_is_refused(tmp_path, monkeypatch):
    """A folder with more files than any class has, and a zip that would fill the disk."""
    monkeypatch.setattr(tree, "MAX_ENTRIES", 3)
    root = hand_in(tmp_path / "in", {f"{name}/a.ipynb": b"" for name in ("ana", "bob", "cy", "di")})
    with pytest.raises(UsageError, match="more than 3 files"):
        find([root], COURSE, A1)
    monkeypatch.setattr(tree, "MAX_TOTAL", 10)
    (tmp_path / "class.zip").write_bytes(zipped({"a_1_2_x.ipynb": answered()}))
    with pytest.raises(UsageError, match="too large"):
        find([tmp_path / "class.zip"], COURSE, A1)


@pytest.mark.parametrize("zips", [False, True])
def test_one_students_whole_disk_stops_nobody_elses_grading(tmp_path, monkeypatch, zips):
    """A folder that holds most of all files itself is left out; its student hears of it."""
    monkeypatch.setattr(tree, "MAX_ENTRIES", 12)
    mine = {f"submitted/{name}/a1_layers/x.ipynb": answered(name) for name in ("ana", "bob", "eve")}
    disk = {f"submitted/eve/a1_layers/disk/{n}": b"" for n in range(40)}
    own = {f"submitted/fay/{n}": b"" for n in range(40)}
    for number, given in enumerate(({**mine, **disk}, {**mine, **own})):
        place = hand_in(tmp_path / f"{number}", given)
        if zips:
            place = tmp_path / f"{number}.zip"
            place.write_bytes(zipped(given))
        found = find([place], COURSE, A1)
        problems = {job.student: job.problem for job in found.jobs[A1]}
        assert {name for name, why in problems.items() if not why} == {"ana", "bob", "eve"}
        assert any("holds most of" in one.why for one in found.passed_over)
    assert "holds too many files to look through" in problems["fay"]


def test_two_students_disks_leave_out_nobody_else(tmp_path, monkeypatch):
    """What fills a section's folder from several students' folders ends the run, and aloud."""
    monkeypatch.setattr(tree, "MAX_ENTRIES", 12)
    disks = {f"A/{name}/{n}": b"" for name in ("ada", "chen") for n in range(6)}
    root = hand_in(tmp_path, {**disks, "A/emil/x.ipynb": answered(), "B/bob/x.ipynb": answered()})
    with pytest.raises(UsageError, match="more than 12 files"):
        find([root], COURSE, A1)


@pytest.mark.parametrize("notebook", ["0.ipynb", "z.ipynb"])
def test_a_full_folder_with_a_notebook_is_left_out_by_nobody(tmp_path, monkeypatch, notebook):
    """It may hold a whole class's files, as some systems export them: the run ends, and aloud."""
    monkeypatch.setattr(tree, "MAX_ENTRIES", 12)
    given = {f"submissions/{n}": b"" for n in range(20)}
    root = hand_in(tmp_path, {**given, f"submissions/{notebook}": answered()})
    with pytest.raises(UsageError, match="more than 12 files"):
        find([root], COURSE, A1)


def test_too_long_a_path_ends_no_run(tmp_path):
    """A path that the system itself cannot name belongs to its student alone."""
    root = hand_in(tmp_path, {"ana/x.ipynb": answered()})
    (root / "eve").mkdir()
    inner = os.open(root / "eve", os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=inner)
        deeper = os.open("d" * 250, os.O_RDONLY, dir_fd=inner)
        os.close(inner)
        inner = deeper
    os.close(inner)
    problems = {job.student: job.problem for job in find([root], COURSE, A1).jobs[A1]}
    assert problems["ana"] == ""
    assert "No file was submitted that could be graded" in problems["eve"]


def test_one_students_own_zip_is_no_class(tmp_path):
    """A zip that holds one person's files is a submission and stays one."""
    files = {"a1_layers.ipynb": answered(), "notebooks/scratch.ipynb": answered("2"), "d.csv": b""}
    archive = tmp_path / "a1_layers_ada.zip"
    archive.write_bytes(zipped(files))
    (job,) = find([archive], COURSE).jobs[A1]
    assert (job.student, job.path) == ("ada", archive)


def test_of_several_zips_none_is_taken_for_a_class_unseen(tmp_path):
    """Side by side zips are students', whatever lies in one; only all together are classes'."""
    files = {"part1/a.ipynb": answered("1"), "part2/b.ipynb": answered("2")}
    paths = []
    for name in ("ana", "ben"):
        paths.append(tmp_path / f"{name}.zip")
        paths[-1].write_bytes(zipped(files))
    assert {job.student for job in find(paths, COURSE, A1).jobs[A1]} == {"ana", "ben"}
    paths[1].write_bytes(zipped({"ana_1_2_a1_layers.ipynb": answered()}))
    assert {job.student for job in find(paths, COURSE, A1).jobs[A1]} == {"ana", "ben"}
    paths[0].write_bytes(zipped({"cy_3_4_a1_layers.ipynb": answered()}))
    assert {job.student for job in find(paths, COURSE, A1).jobs[A1]} == {"ana_1", "cy_3"}


def test_a_file_that_is_no_zip_in_spite_of_its_name_is_one_students(tmp_path):
    """Whether an archive can be opened is for the reader to say, to its student."""
    (tmp_path / "ana.zip").write_bytes(b"PK\x03\x04 cut off")
    (job,) = find([tmp_path / "ana.zip"], COURSE, A1).jobs[A1]
    assert job.student == "ana"


def test_a_folder_that_cannot_be_opened_is_said(tmp_path, monkeypatch):
    """What the system refuses is no student's fault: the job stays, to be not graded and said."""
    root = hand_in(tmp_path, {"ana/x.ipynb": answered(), "eve/x.ipynb": answered()})

    listed = os.listdir

    def refuse(path: Path) -> list[str]:
        if Path(path).name == "eve":
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(tree.os, "listdir", refuse)
    found = find([root], COURSE, A1)
    assert {job.student: job.problem for job in found.jobs[A1]} == {"ana": "", "eve": ""}
    assert any("Permission denied" in one.why for one in found.passed_over)


def test_a_full_disk_is_no_students_fault(tmp_path):
    """A member that cannot be written is not taken for a damaged one."""
    archive = tmp_path / "class.zip"
    archive.write_bytes(zipped({"eve_1_2_x.ipynb": b"x" * 100_000, "ana_3_4_x.ipynb": answered()}))
    code = "from autograder.submissions import tree; from pathlib import Path; import resource, sys"
    code += "; resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))"
    code += "; import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)"
    code += "; tree.unpack(Path(sys.argv[1]))"
    command = [sys.executable, "-c", code, str(archive)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert "InfrastructureError" in done.stderr
    assert "cannot be written" in done.stderr


def test_a_member_without_a_name_drops_nobody(tmp_path):
    """It is passed over with a word; the others of the zip are read."""
    archive = tmp_path / "class.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("ana_3_4_x.ipynb", answered())
        packed.writestr("bob_5_6_x.ipynb", answered("bob"))
        packed.writestr(zipfile.ZipInfo(""), b"x")
    found = find([archive], COURSE, A1)
    assert {job.student for job in found.jobs[A1]} == {"ana_3", "bob_5"}


def test_a_link_to_a_zip_file_is_a_link(tmp_path):
    """What a shell spells out may be a student's link: what that points to is nobody's work."""
    (tmp_path / "elsewhere.zip").write_bytes(
        zipped({"ana/x.ipynb": answered(), "bob/x.ipynb": b""})
    )
    (tmp_path / "in").mkdir()
    link = tmp_path / "in" / "eve.zip"
    link.symlink_to(tmp_path / "elsewhere.zip")
    assert not tree.is_zip(link)
    assert [job.problem[:25] for job in find([link], COURSE, A1).jobs[A1]] == [
        "Only a link was submitted"
    ]


@pytest.mark.parametrize("comment", [b"", b"a comment", b"PK\x05\x06 is how an end begins"])
@pytest.mark.parametrize("entries", [0, 1, 300])
def test_the_length_of_a_zips_list_is_known_without_reading_it(tmp_path, comment, entries):
    """It is what Python's reader would read; a zip that says more elsewhere is as long as it is."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as made:
        for number in range(entries):
            made.writestr(f"{number}.txt", b"x")
        made.comment = comment
    with path.open("rb") as file:
        expected = zipfile._EndRecData(file)[zipfile._ECD_SIZE]
    assert tree.bytes_of_list(path) in (expected, 0 if b"PK" in comment else expected)
    large = tmp_path / "large.zip"
    end = path.read_bytes().rindex(b"PK\x05\x06", 0, len(path.read_bytes()) - len(comment) - 18)
    content = path.read_bytes()
    large.write_bytes(content[:end] + b"PK\x06\x07".ljust(20, b"\0") + content[end:])
    if not comment:
        assert tree.bytes_of_list(large) == large.stat().st_size


def test_what_is_no_zip_has_no_list(tmp_path):
    """Nor has what is not there."""
    path = tmp_path / "a.zip"
    path.write_bytes(answered())
    assert tree.bytes_of_list(path) == tree.bytes_of_list(tmp_path / "none.zip") == 0

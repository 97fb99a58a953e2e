"""Of several files and attempts one counts, it is said which and why, and times are kept."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from autograder.course.source import read_release
from autograder.errors import SubmissionError, UsageError
from autograder.model import Job
from autograder.submissions import attempts, read
from autograder.submissions.attempts import MOST_BYTES, MOST_READ
from autograder.submissions.find import find, of_one
from autograder.submissions.roster import read_roster
from tests.support.handed_in import A1, COURSE, answered, hand_in, untouched, zipped


def jobs(root: Path) -> dict[str, Job]:
    """The jobs of a1_layers by student."""
    return {job.student: job for job in find([root], COURSE, A1).jobs[A1]}


CHOICES = {
    "the notebook": ({"notes.txt": b"hi", "work.rar": b"Rar!\x1a\x07\x01\x00", "x.ipynb": None},
                     "x.ipynb", "it can be graded"),
    "the one with answers": ({"release/a1_layers/a1_layers.ipynb": b"", "mine.ipynb": None},
                             "mine.ipynb", "it holds answers"),
    "the one with answers, whatever the order": ({"a.ipynb": None, f"{A1}.ipynb": b""},
                                                 "a.ipynb", "it holds answers"),
    "the released name": ({f"{A1}.ipynb": None, "scratch.ipynb": None}, f"{A1}.ipynb",
                          "it has the name of the notebook that was released"),
    "the newest": ({"first.ipynb": None, "second.ipynb": None, "another.ipynb": None},
                   "another.ipynb", "it was changed last"),
    "a notebook and its script": ({"x.ipynb": None, "x.py": b"def linear(x): return x"},
                                  "x.ipynb", "it is the notebook"),
    "a notebook with any ending": ({"a1_layers.ipynb.txt": None, "helpers.py": b"import torch"},
                                   "a1_layers.ipynb.txt", "it holds answers"),
}  # fmt: skip


@pytest.mark.parametrize(("files", "counts", "why"), CHOICES.values(), ids=CHOICES)
def test_of_several_files_one_counts_and_it_is_said_which_and_why(tmp_path, files, counts, why):
    """None stands for an answered notebook, nothing for the untouched release."""
    made = {f"ana/{n}": answered(n) if c is None else c or untouched() for n, c in files.items()}
    found = find([hand_in(tmp_path, made)], COURSE, A1)
    (job,) = found.jobs[A1]
    assert job.path.name == counts
    assert job.handed_in.counts == f"{counts} counts because {why}"
    assert set(job.handed_in.others) == set(files) - {counts}
    (remark,) = [remark for remark in found.remarks if "counts because" in remark]
    assert all(name in remark for name in files)
    assert str(tmp_path) not in remark


def more_answered() -> bytes:
    """A notebook with two answers."""
    cells = [json.loads(answered())["cells"][0], json.loads(answered())["cells"][0]]
    cells[1]["source"] = "def collapse(w1, b1, w2, b2):\n    return w2 @ w1, w2 @ b1 + b2\n"
    cells[1]["metadata"] = {
        "nbgrader": {**cells[0]["metadata"]["nbgrader"], "grade_id": "collapse"}
    }
    return json.dumps({**json.loads(answered()), "cells": cells}).encode()


@pytest.mark.parametrize(
    ("files", "counts", "why"),
    [
        ({f"{A1}.ipynb": more_answered, f"backup/{A1}.ipynb": answered}, 0, "holds more answers"),
        ({f"{A1}.ipynb": answered, f"work/{A1}.ipynb": more_answered}, 1, "holds more answers"),
        ({f"{A1}.ipynb": answered, f"Backup/{A1}.ipynb": answered}, 0, "lies in fewer folders"),
    ],
    ids=["an old copy", "a beginning", "a copy"],
)
@pytest.mark.parametrize("newer", [0, 1])
def test_a_copy_in_a_folder_does_not_count_because_it_is_newer(tmp_path, files, counts, why, newer):
    """A checkout gives files any times; answers decide, and then the fewest folders."""
    names = sorted(files, key=lambda name: (name == list(files)[newer], name))
    root = hand_in(tmp_path, {f"ana/{name}": files[name]() for name in names})
    (job,) = find([root], COURSE, A1).jobs[A1]
    assert job.path == root / "ana" / list(files)[counts]
    assert why in job.handed_in.counts


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are read to choose among them."""
    names: list[str] = []

    def count(path: Path, *_: object) -> int:
        names.append(path.name)
        return 1

    monkeypatch.setattr(read, "answers", count)
    return names


def test_no_class_waits_for_a_student_whose_files_take_long(tmp_path, monkeypatch, looked_at):
    """After some seconds no more of them are read, whatever their size."""
    monkeypatch.setattr(attempts, "MOST_SECONDS", -1.0)
    root = hand_in(tmp_path, {f"ana/{n}.ipynb": answered(str(n)) for n in range(4)})
    assert find([root], COURSE, A1).jobs[A1]
    assert len(looked_at) == 1


def test_no_class_waits_for_a_student_with_a_thousand_files(tmp_path, looked_at):
    """Some are read to choose among them, the likeliest first, and no more bytes than of one."""
    files = {f"ana/{n:03}.ipynb": answered(str(n)) for n in range(60)}
    found = find([hand_in(tmp_path / "many", files | {f"ana/{A1}.ipynb": answered()})], COURSE, A1)
    assert found.jobs[A1][0].path.name == f"{A1}.ipynb"
    assert len(looked_at) == MOST_READ
    looked_at.clear()
    root = hand_in(tmp_path / "large", {f"ana/{n}.ipynb": answered() for n in range(9)})
    for path in (root / "ana").iterdir():
        os.truncate(path, MOST_BYTES // 3)  # a hole behind the notebook
    assert find([root], COURSE, A1).jobs[A1]
    assert len(looked_at) == 3


def test_a_file_with_holes_is_not_read_to_its_end(tmp_path):
    """It may be larger than any memory; it is too large, wherever it is graded."""
    path = hand_in(tmp_path, {f"ana/{A1}.ipynb": answered()}) / "ana" / f"{A1}.ipynb"
    os.truncate(path, 1 << 40)
    (job,) = find([tmp_path], COURSE, A1).jobs[A1]
    assert len(read.content(job.path)) == read.MAX_FILE + 1
    assert read.sha256(path) == read.sha256(job.path)
    with pytest.raises(SubmissionError, match="larger than"):
        read.read(path, read_release(COURSE.release(A1)), "ana")


CANVAS = {
    "a number before the ending": (["doe_42_990006_a1_layers.ipynb",
                                    "doe_42_990006_a1_layers-1.ipynb"], 1),
    "of three": (["doe_42_7_a1_layers-2.ipynb", "doe_42_5_a1_layers.ipynb",
                  "doe_42_6_a1_layers-1.ipynb"], 0),
    "more than nine": (["doe_42_30_a1_layers-10.ipynb", "doe_42_20_a1_layers-9.ipynb"], 0),
    "a larger submission id": (["doe_42_990006_old.ipynb", "doe_42_990007_new.ipynb"], 1),
    "other marks": (["doe_42_990007_a1_layers.ipynb", "doe_LATE_42_990005_hw.ipynb"], 0),
    "a student's own number": (["doe_42_20_a1_layers.ipynb", "doe_42_10_a1_layers-7.ipynb"], 0),
    "a number in the name": (["doe_42_20_a1_layers-2026.ipynb",
                              "doe_42_30_a1_layers-2026-1.ipynb"], 1),
}  # fmt: skip


@pytest.mark.parametrize(("names", "counts"), CANVAS.values(), ids=CANVAS)
@pytest.mark.parametrize("turned", [False, True], ids=["in order", "turned"])
@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
def test_canvas_says_which_attempt_is_the_latest(tmp_path, names, counts, turned, packed):
    """Attempt and submission id decide, whatever the order of the files and their times."""
    order = list(reversed(names)) if turned else names
    files = {name: answered(name) for name in order}
    root = hand_in(tmp_path / "class", files)
    if packed:
        root = tmp_path / "class.zip"
        root.write_bytes(zipped(files))
    (job,) = jobs(root).values()
    assert job.student == "doe_42"
    assert job.path.read_bytes() == answered(names[counts])


@pytest.mark.parametrize(
    "stamp",
    ["9999-12-31 23:59:59 -12:00", "0001-01-01 00:00:00 +14:00", "0001-01-01 00:00:00", "soon"],
)
def test_a_time_that_no_zone_has_is_none(tmp_path, stamp):
    """A student writes the time in nbgrader's exchange: one that cannot be is not believed."""
    tree = {f"ana/{A1}/{A1}.ipynb": answered(), f"ana/{A1}/timestamp.txt": stamp.encode()}
    assert jobs(hand_in(tmp_path / "submitted", tree))["ana"].handed_in.at == ""
    inbound = {f"ana+{A1}+{stamp}+zz/{A1}.ipynb": answered("new")}
    found = jobs(hand_in(tmp_path / "in", inbound)).values()
    assert [job.handed_in.at for job in found] == [""]


ZONES = {"+0000": "+00:00", " +0000": "+00:00", " +02:00": "+02:00", " GMT": "+00:00",
         " -0700": "-07:00", "Z": "+00:00", " UTC": "+00:00", "": "", " -05": "-05:00"}  # fmt: skip


@pytest.mark.parametrize(("zone", "read"), ZONES.items())
def test_a_time_keeps_its_zone(tmp_path, zone, read):
    """However a zone is written, the time is the same moment, in a file and in a folder's name."""
    stamp = f"2026-10-05 23:30:00.000{zone}"
    tree = {f"ana/{A1}/{A1}.ipynb": answered(), f"ana/{A1}/timestamp.txt": stamp.encode()}
    at = jobs(hand_in(tmp_path / "submitted", tree))["ana"].handed_in.at
    assert at == f"2026-10-05T23:30:00{read}"
    inbound = {f"ana+{A1}+{stamp}+zz/{A1}.ipynb": answered("new")}
    if zone != " -05":
        assert jobs(hand_in(tmp_path / "in", inbound))["ana"].handed_in.at == at


@pytest.mark.parametrize("zone", [" EST", " CEST", " America/New_York", " Uhr", "soon", " +1:00"])
def test_a_zone_that_is_not_known_is_said(tmp_path, zone):
    """A time whose zone is a word of many places is no local time: none is kept, with a note."""
    stamp = f"2026-10-05 23:30:00{zone}"
    tree = {f"ana/{A1}/{A1}.ipynb": answered(), f"ana/{A1}/timestamp.txt": stamp.encode()}
    found = find([hand_in(tmp_path / "submitted", tree)], COURSE, A1)
    assert found.jobs[A1][0].handed_in.at == ""
    assert [one.why[:21] for one in found.passed_over] == ["no time that is known"]
    if "/" not in zone and "+" not in zone:
        inbound = {f"ana+{A1}+{stamp}+zz/{A1}.ipynb": answered("new")}
        found = find([hand_in(tmp_path / "in", inbound)], COURSE, A1)
        assert found.jobs[A1][0].handed_in.at == ""
        assert [one.why[:21] for one in found.passed_over] == ["no time that is known"]


def test_marks_and_times_are_kept(tmp_path):
    """Late marks in names, nbgrader's timestamps and the exchange's times stay with the result."""
    late = jobs(hand_in(tmp_path / "canvas", {"doe_LATE_4_7_a1_layers.ipynb": answered()}))
    assert late["doe_4"].handed_in.late
    stamp = b"2026-01-02 03:04:05.678901 UTC\n"
    tree = {f"ana/{A1}/{A1}.ipynb": answered(), f"ana/{A1}/timestamp.txt": stamp}
    packed = tmp_path / "class.zip"
    other = {f"submitted/bob/{A1}/{A1}.ipynb": answered("bob")}
    packed.write_bytes(zipped({f"submitted/{name}": tree[name] for name in tree} | other))
    for root in (hand_in(tmp_path / "submitted", tree), tmp_path / "submitted" / "ana", packed):
        assert jobs(root)["ana"].handed_in.at == "2026-01-02T03:04:05+00:00"
    old = f"ana+{A1}+2026-01-02 03:04:05 UTC+zz/{A1}.ipynb"
    new = f"ana+{A1}+2026-01-03 03:04:05 UTC+aa/{A1}.ipynb"
    job = jobs(hand_in(tmp_path / "in", {new: answered("new"), old: answered("old")}))["ana"]
    assert job.handed_in.at == "2026-01-03T03:04:05+00:00"
    assert job.path.read_bytes() == answered("new")
    assert job.handed_in.counts.endswith("it is the latest attempt, of 2026-01-03T03:04:05+00:00")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_folders_of_one_person_with_several_owners_are_said(tmp_path):
    """In nbgrader's exchange whoever names a folder after another owns it all the same."""
    owners = {f"ana+{A1}+2026-01-02 03:04:05 UTC+aa": 2002,
              f"bob+{A1}+2026-01-02 03:04:05 UTC+aa": 2001,
              f"bob+{A1}+2026-01-03 03:04:05 UTC+bb": 2002}  # fmt: skip
    root = hand_in(tmp_path / "inbound", {f"{one}/{A1}.ipynb": answered(one) for one in owners})
    for one, owner in owners.items():
        os.chown(root / one / f"{A1}.ipynb", owner, owner)
    told = [one for one in find([root], COURSE, A1).remarks if "different owners" in one]
    assert len(told) == 1
    assert told[0].startswith("bob: ")


METADATA = b"""\
submission_7:
  :submitters:
  - :name: Bob Bee
    :email: bob@x.org
  :created_at: 2026-10-05 10:00:00 Z
"""
PLANTED = {
    "as Gradescope": {
        f"submission_7/{A1}.ipynb": answered("x"),
        "submission_metadata.yml": METADATA,
    },
    "as a broken list of Gradescope's": {"submission_metadata.yml": b"{{{{"},
    "as Moodle": {f"Bob Bee_7_assignsubmission_file_/{A1}.ipynb": answered("x")},
    "as Brightspace": {f"7-8 - Bob Bee - Oct 5, 2026 1000 AM/{A1}.ipynb": answered("x")},
    "as folders of people": {
        f"bob/{A1}.ipynb": answered("x"),
        f"bob@x.org/{A1}.ipynb": answered("y"),
    },
    "as a section": {f"Lab 1/bob/{A1}.ipynb": answered("x")},
    "as Canvas": {f"beebob_4_7_{A1}.ipynb": answered("x")},
    "as a hidden file": {f".bob_4_7_{A1}.ipynb": answered("x")},
}


@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED)
def test_nothing_beside_the_folders_of_the_exchange_counts(tmp_path, planted):
    """Students write there: what one names after another is passed over, and stops nobody."""
    (tmp_path / "roster.csv").write_text(
        "student,name,email\nana,Ana Ax,ana@x.org\nbob,Bob Bee,bob@x.org\n"
    )
    own = {
        f"{who}+{A1}+2026-01-02 03:04:05 UTC+aa/{A1}.ipynb": answered(who) for who in ("ana", "bob")
    }
    root = hand_in(tmp_path / "inbound", {**own, **planted})
    found = find([root], COURSE, A1, read_roster(tmp_path / "roster.csv"))
    assert {job.student: job.path.read_bytes() for job in found.jobs[A1]} == {
        "ana": answered("ana"),
        "bob": answered("bob"),
    }
    assert sum("where all may write" in one.why for one in found.passed_over) == len(planted)


def test_one_folder_of_the_exchange_changes_nothing_for_the_others(tmp_path):
    """Whoever calls a folder so takes nobody's place."""
    planted = f"ana+{A1}+2026-01-02 03:04:05 UTC+aa/{A1}.ipynb"
    files = {f"{who}/{A1}.ipynb": answered(who) for who in ("ana", "bob", "cleo")}
    assert {*jobs(hand_in(tmp_path, {planted: answered("x"), **files}))} == {"ana", "bob", "cleo"}


def test_folders_of_one_person_with_one_owner_need_no_word(tmp_path):
    """Several attempts of one person are the usual case, and a copy of them has one owner."""
    times = ("2026-01-02 03:04:05 UTC", "2026-01-03 03:04:05 UTC")
    files = {f"bob+{A1}+{at}+aa/{A1}.ipynb": answered(at) for at in times}
    assert not any("owners" in one for one in find([hand_in(tmp_path, files)], COURSE, A1).remarks)


OWN_TIMES = {
    "in a folder": "class/ana/timestamp.txt",
    "not below the assignment": "submitted/ana/timestamp.txt",
    "as nbgrader has it, elsewhere": f"class/ana/{A1}/timestamp.txt",
    "below a folder with nbgrader's name": f"class/ana/submitted/ana/{A1}/timestamp.txt",
    "in a Moodle folder": "class/Jane Doe_11_assignsubmission_file_/timestamp.txt",
    "where Gradescope's list is lost": "submitted/submission_12/timestamp.txt",
}


@pytest.mark.parametrize("place", OWN_TIMES.values(), ids=OWN_TIMES)
@pytest.mark.parametrize("layout", [None, "{student}/{file}"])
def test_no_student_says_when_they_submitted(tmp_path, place, layout):
    """A timestamp.txt of their own, say in their repository, makes no late work early."""
    root, student, *_ = Path(place).parts
    files = {place: b"2020-01-01 00:00:00 UTC", f"{root}/{student}/{A1}.ipynb": answered()}
    found = find([hand_in(tmp_path, files) / root], COURSE, A1, layout=layout)
    (job,) = found.jobs[A1]
    assert job.handed_in.at == ""
    assert job.path.name == f"{A1}.ipynb"
    assert [one.why[:8] for one in found.passed_over if "timestamp" in one.shown] == ["no proof"]


METADATA = """\
---
submission_1:
  :submitters:
  - :name: Jane Doe
    :sid: '71'
    :email: jane@example.edu
  - :name: Al Roe
    :sid: ''
    :email: al@example.edu
  :created_at: 2026-01-02 03:04:05.678901000 Z
  :score: 3.0
  :results:
    output: |
      submission_2:
        :submitters:
        - :email: jane@example.edu
submission_2:
  :submitters:
  - :name: Cy
    :email: cy@example.edu
  :created_at: 2026-01-02 04:04:05.678901000 Z
"""


def test_every_member_of_a_group_has_the_result(tmp_path):
    """Gradescope's list names all submitters; what students print in it names nobody."""
    files = {"export/submission_metadata.yml": METADATA.encode(),
             "export/submission_1/hw/a1_layers.ipynb": answered("a"),
             "export/submission_2/a1_layers.ipynb": answered("b")}  # fmt: skip
    archive = tmp_path / "assignment_5_export.zip"
    archive.write_bytes(zipped(files))
    for root in (hand_in(tmp_path / "x", files) / "export", archive):
        found = jobs(root)
        assert set(found) == {"jane@example.edu", "al@example.edu", "cy@example.edu"}
        assert found["jane@example.edu"].path == found["al@example.edu"].path
        assert found["al@example.edu"].handed_in.at == "2026-01-02T03:04:05+00:00"
        assert not found["al@example.edu"].handed_in.flags


def test_a_damaged_list_of_gradescope_is_refused(tmp_path):
    """Nobody is guessed where the list cannot be read."""
    files = {"submission_metadata.yml": b"{", "submission_1/a1_layers.ipynb": answered()}
    with pytest.raises(UsageError, match="Export it again"):
        jobs(hand_in(tmp_path, files))


def test_one_students_folder_is_read_as_it_is(tmp_path):
    """A tool that hands over one folder gets its notebook, however deep and among what it lies."""
    files = {"repo/release/a1_layers/a1_layers.ipynb": untouched(), "repo/README.md": b"hi",
             "repo/mine/own (2).ipynb.txt": answered()}  # fmt: skip
    job = of_one(hand_in(tmp_path, files), COURSE, A1, "ana")
    assert (job.student, job.path.name) == ("ana", "own (2).ipynb.txt")
    with pytest.raises(UsageError, match="No file was submitted"):
        of_one(hand_in(tmp_path / "none", {}), COURSE, A1, "ana")


def test_a_class_that_looks_like_one_student_is_said(tmp_path):
    """One folder too high, everything is one person's: the remark says how to go on."""
    files = {f"batch/{name}/x.ipynb": answered(name) for name in "abcdef"}
    found = find([hand_in(tmp_path, files)], COURSE, A1)
    assert any("name that folder itself" in remark for remark in found.remarks)
    assert set(jobs(tmp_path / "batch")) == set("abcdef")

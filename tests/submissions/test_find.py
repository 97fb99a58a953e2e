"""Whose file is which: in the layouts that courses use, nobody is lost and nobody is mixed up."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from autograder.submissions import find as collect

A1 = "a1_layers"
LAYOUTS = {
    "nbgrader's tree": {f"ana/{A1}/{A1}.ipynb": "ana", f"ben/{A1}/Untitled.ipynb": "ben"},
    "a folder of named files": {f"{A1}_ana.ipynb": "ana", f"{A1}-ben.ipynb": "ben"},
    "a folder for each student": {f"ana/{A1}.ipynb": "ana", f"ben/{A1}.ipynb": "ben"},
    "equal names of one's own": {"ana/solution.ipynb": "ana", "ben/solution.ipynb": "ben"},
    "a folder for each assignment": {f"{A1}/ana.ipynb": "ana", f"{A1}/ben.ipynb": "ben"},
    "sections": {"monday/ana.ipynb": "ana", "friday/ben.ipynb": "ben"},
}


def written(folder: Path, names: list[str]) -> list[Path]:
    """Files with these names, each a second newer than the one before."""
    paths = [folder / name for name in names]
    for second, path in enumerate(paths):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        os.utime(path, (second, second))
    return paths


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("spelt_out", [False, True], ids=["folder", "files"])
def test_each_student_keeps_their_own_file(tmp_path, layout, spelt_out):
    """Files are told apart by the folder or by their names, given as a folder or one by one."""
    paths = written(tmp_path / "handed_in", list(layout))
    found = collect.find(paths if spelt_out else [tmp_path / "handed_in"], [A1], A1)
    assert {job.student: job.path for job in found.jobs[A1]} == dict(
        zip(layout.values(), paths, strict=True)
    )
    assert found.remarks == []


def test_a_lone_file_is_called_by_its_name(tmp_path, monkeypatch):
    """A notebook that is named by itself needs no folder to be graded."""
    written(tmp_path, [f"{A1}.ipynb"])
    monkeypatch.chdir(tmp_path)
    (job,) = collect.find([Path(f"{A1}.ipynb")], [A1], None).jobs[A1]
    assert job.student == A1


def test_a_file_that_is_named_twice_is_one_file(tmp_path):
    """A folder and a file in it may both be named."""
    (path,) = written(tmp_path, [f"{A1}_ana.ipynb"])
    found = collect.find([tmp_path, path], [A1], None)
    assert [(job.student, job.path) for job in found.jobs[A1]] == [("ana", path)]
    assert found.remarks == []


@pytest.mark.parametrize(
    ("names", "counts"),
    [
        ([f"{A1}.ipynb", "scratch.ipynb"], f"{A1}.ipynb"),
        (["first.ipynb", "second.ipynb", "another.ipynb"], "another.ipynb"),
    ],
    ids=["as released", "newest"],
)
def test_of_several_files_one_counts_and_it_is_said_which(tmp_path, names, counts):
    """The released name counts, else the newest file; the others are named in a remark."""
    paths = written(tmp_path, [f"ana/{A1}/{name}" for name in names])
    found = collect.find([tmp_path], [A1], None)
    (job,) = found.jobs[A1]
    (remark,) = found.remarks
    assert (job.student, job.path.name) == ("ana", counts)
    assert all(str(path) in remark for path in paths)


@pytest.mark.parametrize("spelt_out", [False, True], ids=["tree", "students"])
def test_a_file_named_after_somebody_else_stays_its_owners(tmp_path, spelt_out):
    """What lies in a student's own folder is that student's, whatever it is called."""
    names = [
        "ada/a1_layers/a1_layers.py",
        "mal/a1_layers/a1_layers_ada.ipynb",
        "mal/a1_layers/b.py",
    ]
    written(tmp_path, names)
    roots = [tmp_path / "ada", tmp_path / "mal"] if spelt_out else [tmp_path]
    found = collect.find(roots, [A1], None)
    assert [(job.student, job.path.name) for job in found.jobs[A1]] == [
        ("ada", "a1_layers.py"), ("mal", "b.py"),
    ]  # fmt: skip


def test_an_assignment_is_not_taken_for_one_whose_name_it_begins_with(tmp_path):
    """``week10`` is another assignment than ``week1``."""
    written(tmp_path, ["ana/week10/week10.ipynb", "ana/week1/week1.ipynb"])
    found = collect.find([tmp_path], ["week1", "week10"], None)
    assert {name: jobs[0].path.stem for name, jobs in found.jobs.items()} == {
        "week1": "week1", "week10": "week10",
    }  # fmt: skip

"""Links that a student makes choose neither what is read nor what is written."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from autograder.integrations import classroom50, nbgrader
from autograder.integrations.export import export
from autograder.integrations.options import Target
from autograder.submissions.find import of_one
from tests.conftest import ROOT
from tests.report.factory import report
from tests.support.courses import NAME, hand_in, write_course


@pytest.fixture
def place(tmp_path):
    """A tiny course, and a checkout with a link for each file that might be wanted."""
    course = write_course(tmp_path / "course")
    hand_in(course, tmp_path / "classmate", "def half(x):\n    return x / 2\n")
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    (checkout / f"{NAME}.ipynb").symlink_to(tmp_path / "classmate" / f"{NAME}.ipynb")
    (checkout / "answers.py").symlink_to(course.solution(NAME))
    (checkout / "more").symlink_to(course.root)
    (tmp_path / "precious").write_text("precious")
    (checkout / "result.json").symlink_to(tmp_path / "precious")
    return tmp_path


def test_a_checkout_of_links_holds_nothing_to_grade(place):
    """Neither a classmate's notebook nor the solution behind a link is taken for the student's."""
    from autograder.course.layout import Course
    from autograder.errors import UsageError

    with pytest.raises(UsageError, match="Only a link was submitted"):
        of_one(place / "checkout", Course(place / "course"), NAME, "eve")


def test_classroom50_writes_beside_links_and_never_through_them(place):
    """The result replaces the student's link; what that pointed to stays as it was."""
    course = place / "course"
    notebook = place / "checkout" / "work.ipynb"
    notebook.write_bytes((place / "classmate" / f"{NAME}.ipynb").read_bytes())
    names = "CLASSROOM OWNER SUBMISSION_TAG COMMIT_URL RELEASE_URL REVIEW_URL".split()
    said = dict.fromkeys(names, "https://example.org/x")
    said |= {"ASSIGNMENT": NAME, "USERNAME": "eve", "AUTOGRADER_COURSE": str(course)}
    done = subprocess.run(
        [sys.executable, classroom50.__file__], cwd=place / "checkout", capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **said}, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    result = place / "checkout" / "result.json"
    assert not result.is_symlink()
    assert json.loads(result.read_text())["score"] == 1000
    assert (place / "precious").read_text() == "precious"


def test_classroom50_leaves_no_result_of_the_students_own(place):
    """Where nothing can be graded there is no result.json, and above all not the planted one."""
    planted = place / "checkout" / "result.json"
    planted.unlink()
    planted.write_text('{"score": 1000, "max-score": 1000}')
    said = {"ASSIGNMENT": NAME, "USERNAME": "eve", "AUTOGRADER_COURSE": str(place / "course")}
    done = subprocess.run(
        [sys.executable, classroom50.__file__], cwd=place / "checkout", capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **said}, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "Only a link was submitted" in done.stderr
    assert not planted.exists()


@pytest.mark.parametrize(
    "target", [Target.CSV, Target.CANVAS, Target.MOODLE, Target.JUNIT, Target.ACTIONS]
)
def test_exports_replace_links_and_never_follow_them(place, target, monkeypatch):
    """Where a checkout is the current folder, a link may lie where a result is to be written."""
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    out = place / "checkout" / "result.json"
    export([report()], target, None, out)
    assert (place / "precious").read_text() == "precious"
    assert not out.is_symlink()
    assert out.stat().st_size > 50


def test_a_folder_of_exports_replaces_links_too(place):
    """Gradescope's results are files in folders."""
    inner = place / "checkout" / "a1_layers"
    inner.mkdir()
    (inner / "s001.json").symlink_to(place / "precious")
    export([report()], Target.GRADESCOPE, None, place / "checkout")
    assert (place / "precious").read_text() == "precious"
    assert json.loads((inner / "s001.json").read_text())["score"] == report().score


def test_nbgrader_is_given_no_notebook_behind_a_link(place):
    """What nbgrader shows a student as their own is read as what is graded, without links."""
    own = place / "classmate" / f"{NAME}.ipynb"
    assert nbgrader._read_without_links(own).cells
    with pytest.raises(OSError, match=NAME):
        nbgrader._read_without_links(place / "checkout" / f"{NAME}.ipynb")


def test_nbgrader_copies_nothing_behind_a_link(place):
    """Of the files beside a notebook, those that are the student's own go into the feedback."""
    checkout = place / "checkout"
    (checkout / "own.txt").write_text("own")
    (checkout / "gone.csv").symlink_to(place / "nowhere")
    (checkout / "all.html").symlink_to(place / "precious")
    os.mkfifo(checkout / "pipe")
    (place / "linked").symlink_to(checkout)
    names = nbgrader.files_without_links(place, str(checkout), ["*.ipynb"])
    assert names == [str(checkout / "own.txt")]
    assert nbgrader.files_without_links(place, str(place / "linked")) == []

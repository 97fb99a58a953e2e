"""Links that a student makes choose neither what is read nor what is written."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from autograder.integrations import classroom50
from autograder.submissions.find import of_one
from tests.conftest import ROOT
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

    with pytest.raises(UsageError, match="Only a link was handed in"):
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

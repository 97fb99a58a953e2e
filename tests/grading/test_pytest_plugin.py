"""pytest on a graders file alone: what an author sees, on the reference and on a file."""

import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.support.courses import GRADERS, NAME, hand_in, write_course


def pytest_on(course, *words):
    """Run pytest on the course's graders file, as its author does in the course's folder."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--color=no"]
    path = course.graders(NAME).relative_to(course.root)
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [*command, str(path), *words],
        cwd=course.root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def test_the_reference_passes(tmp_path):
    """Without more words the checks run on the reference, and -k selects by the exercise."""
    course = write_course(tmp_path)
    assert "1 passed" in pytest_on(course)
    assert "1 passed" in pytest_on(course, "-k", "half")
    assert "1 deselected" in pytest_on(course, "-k", "third")


def test_a_file_is_checked_in_the_sandbox(tmp_path):
    """A wrong answer fails with both values, and with the words that its student reads."""
    course = write_course(tmp_path)
    wrong = hand_in(course, tmp_path / "bob", "def half(x):\n    return x[:, 0]")
    said = pytest_on(course, "--solution", str(wrong))
    assert "1 failed" in said
    assert "came back: shape (3,)" in said
    assert "expected:  shape (3, 4)" in said
    assert "Halves every number of a table – not yet. The shape that came back" in said
    assert ">       same.half(draw(3, 4))\nE       " in said, "the traceback ends in the check"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('exercise("half")', 'exercise("third")', "this check belongs to no exercise"),
        ("(same, draw)", "(same, tmp_path)", "there is no fixture tmp_path"),
    ],
)
def test_what_grading_would_refuse_is_refused(tmp_path, old, new, said):
    """The author reads it in pytest already."""
    course = write_course(tmp_path, GRADERS.replace(old, new))
    assert said in pytest_on(course)


def test_a_reference_that_raises_is_the_authors(tmp_path):
    """The failure names the check, and says that no student would be graded by it."""
    course = write_course(tmp_path, GRADERS.replace("draw(3, 4)", "None"))
    said = pytest_on(course)
    assert "the reference itself raised TypeError" in said
    assert "the course or this machine is to blame" in said


def test_graders_of_this_course_run_with_pytest():
    """The checks of one exercise of this repository pass on its reference."""
    command = [sys.executable, "-m", "pytest", "-q", "source/a1_layers/graders.py", "-k", "linear"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout

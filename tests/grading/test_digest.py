"""The digest of the graders: it changes with what decides a score, and with nothing else."""

import shutil

import pytest

from autograder.grading import digest
from tests.support.courses import GRADERS, NAME, write_course


@pytest.fixture
def course(tmp_path):
    """A small course that may be edited."""
    return write_course(tmp_path / "course")


def edited(course, path, text):
    """The digest after a file became another."""
    before = digest.graders_sha256(course, NAME)
    path.write_text(text, encoding="utf-8")
    return before, digest.graders_sha256(course, NAME)


def test_comments_and_layout_change_nothing(course):
    """A comment in a grader or another way to break its lines leaves all results as they are."""
    text = GRADERS.replace(
        "same.half(draw(3, 4))", "same.half(  # a table\n        draw(3, 4)\n    )"
    )
    before, after = edited(course, course.graders(NAME), text)
    assert before == after


@pytest.mark.parametrize(("old", "new"), [("draw(3, 4)", "draw(4, 3)"), ("Halves", "Divides")])
def test_what_a_check_does_and_says_counts(course, old, new):
    """Other inputs, or another sentence for students, make another grader."""
    before, after = edited(course, course.graders(NAME), GRADERS.replace(old, new))
    assert before != after


def test_points_count(course):
    """Another number of points in the release is another grader."""
    release = course.release(NAME)
    text = release.read_text(encoding="utf-8").replace('"points": 10', '"points": 12')
    before, after = edited(course, release, text)
    assert before != after


def test_settings_of_the_sandbox_count_and_the_title_does_not(course):
    """What student code may import and use decides scores; how the course is called does not."""
    before, renamed = edited(course, course.root / "course.toml", 'title = "Other"\n')
    assert before == renamed
    again = type(course)(course.root)  # its settings are read once
    _, limited = edited(course, course.root / "course.toml", "[sandbox]\ncpu_seconds = 5\n")
    assert digest.graders_sha256(again, NAME) != before
    assert limited == before


@pytest.fixture
def engine(tmp_path, monkeypatch):
    """A copy of the engine that may be edited."""
    copy = tmp_path / "autograder"
    shutil.copytree(digest.PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(digest, "PACKAGE", copy)
    return copy


@pytest.mark.parametrize(
    ("file", "counts"),
    [
        ("doctor.py", False), ("cli/commands.py", False), ("report/pages.py", False),
        ("running/pool.py", False), ("grading/verify.py", False), ("submissions/find.py", False),
        ("grading/scoring.py", True), ("sandbox/inside/process.py", True),
        ("submissions/read.py", True),
        ("course/source.py", True), ("model.py", True),
        ("notebook/visible.py", False),
        ("grading/difference.py", True), ("authoring/probes.py", True),
    ],
)  # fmt: skip
def test_of_the_engine_only_what_grades_counts(course, engine, file, counts):
    """A change in the doctor makes no result stale; one in the scoring makes all stale."""
    digest._engine.cache_clear()
    before = digest.graders_sha256(course, NAME)
    path = engine / file
    path.write_text(path.read_text(encoding="utf-8") + "\nNEW = 1\n", encoding="utf-8")
    digest._engine.cache_clear()
    assert (digest.graders_sha256(course, NAME) != before) == counts
    digest._engine.cache_clear()


def test_a_comment_in_the_engine_changes_nothing(course, engine):
    """Neither a comment nor a docstring of the code that grades makes a result stale."""
    digest._engine.cache_clear()
    before = digest.graders_sha256(course, NAME)
    path = engine / "grading" / "scoring.py"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace('"""Share the points', '# new\n    """Divide the points'), encoding="utf-8"
    )
    digest._engine.cache_clear()
    assert digest.graders_sha256(course, NAME) == before
    digest._engine.cache_clear()

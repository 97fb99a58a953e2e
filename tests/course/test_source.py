"""An author's mistake is refused with the file, the line and the remedy."""

import re

import pytest

from autograder.course.layout import Course
from autograder.course.source import read_release, read_source
from autograder.errors import AuthorError
from autograder.targets.committed import refuse_incomplete
from tests.conftest import ROOT

PATH = "source/a1_layers/a1_layers.py"
CHECK = '"grade_id": "linear-check"'


@pytest.fixture
def draft(course, tmp_path):
    """A function that writes the source with one replacement and reads it again."""
    text = (course.root / PATH).read_text(encoding="utf-8")

    def write(old: str, new: str):
        assert old in text
        path = tmp_path / "a1_layers.py"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (CHECK, '"grade_id": "other-check"', "exercise 'linear' has no check cell"),
        ('"grade_id": "linear"', '"grade_id": "head_for"', "two cells have the id 'head_for'"),
        (f"{CHECK}, \"points\": 14", CHECK, "the check cell of 'linear' has no points"),
        ('"grade_id": "linear-statement"', '"grade_id": "about"', "has no statement"),
        ("def linear(", "def liner(", "does not define linear()"),
        (CHECK, '"grade_id": "linear check"', "is not allowed"),
    ],
)  # fmt: skip
def test_an_authoring_mistake_is_refused(draft, old, new, says):
    """Each mistake names the file, a line of it, what is wrong and what to do."""
    path = draft(old, new)
    with pytest.raises(AuthorError) as refused:
        read_source(path)
    message = str(refused.value)
    assert says in message
    assert re.match(rf"{re.escape(str(path))}:\d+: .+\. [A-Z].+\.", message)


def test_the_named_line_is_the_cells(draft):
    """The line in the message is where the offending cell stands."""
    path = draft(f'{CHECK}, "points": 14', CHECK)
    with pytest.raises(AuthorError) as refused:
        read_source(path)
    line = int(re.search(r":(\d+):", str(refused.value))[1])
    assert CHECK in path.read_text(encoding="utf-8").splitlines()[line - 1]


@pytest.mark.parametrize("kind", ["graders", "mistakes"])
def test_an_exercise_without_grader_or_mistake_is_refused(course, tmp_path, monkeypatch, kind):
    """An exercise that no check grades, or no mistake proves, cannot be released."""
    whole = getattr(course, kind)("a1_layers").read_text(encoding="utf-8")
    path = tmp_path / f"{kind}.py"
    path.write_text(whole.replace('"collapse"', '"else"'), encoding="utf-8")
    monkeypatch.setattr(Course, kind, lambda self, name: path)
    with pytest.raises(AuthorError, match=rf"{kind}.py: no .* for 'collapse'\. Write"):
        refuse_incomplete(course, read_source(course.source("a1_layers")))


@pytest.mark.parametrize("name", Course(ROOT).assignments())
def test_source_and_release_are_one_assignment(course, name):
    """The release notebook holds the same exercises, points and titles as its source."""
    source, release = read_source(course.source(name)), read_release(course.release(name))
    facts = [[(e.id, e.title, e.points, e.bonus) for e in a.exercises] for a in (source, release)]
    assert facts[0] == facts[1]
    assert source.max_score == 100


BROKEN = ["[" * 200_000, "<<<<<<< ours", "[]", '{"cells": 1}', '{"cells": [1]}']


@pytest.mark.parametrize("text", BROKEN, ids=range(len(BROKEN)))
def test_a_release_that_is_no_notebook_is_named(tmp_path, text):
    """Lists without an end or marks of a merge give one sentence with the file and the remedy."""
    path = tmp_path / "a1_layers.ipynb"
    path.write_text(text)
    with pytest.raises(
        AuthorError, match=r"a1_layers\.ipynb.* it is no notebook\. Run: autograder"
    ):
        read_release(path)

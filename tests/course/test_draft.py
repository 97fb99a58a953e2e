"""What is wrong in a course's files is refused with file, line and remedy before it misleads."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.course.layout import Course
from autograder.course.source import read_release, read_source
from autograder.errors import AuthorError
from autograder.grading import verify
from autograder.grading.grader import Preparation
from tests.support.courses import GRADERS, MISTAKES, NAME, write_course

Draft = Callable[[str, str], Path]


@pytest.fixture
def draft(tmp_path: Path) -> Draft:
    """Writes the source of a small course with one replacement; returns its path."""
    course = write_course(tmp_path)
    path = course.source(NAME)
    text = path.read_text(encoding="utf-8")

    def write(old: str, new: str) -> Path:
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("    ### END SOLUTION\n", "", "SOLUTION marks of 'half' do not come in pairs (BEGIN)"),
        ("    ### BEGIN SOLUTION\n", "", "do not come in pairs (END)"),
        (
            "    ### BEGIN SOLUTION\n    return x * 0.5\n    ### END SOLUTION\n",
            "    return x * 0.5\n",
            "the answer cell 'half' has no ### BEGIN SOLUTION and ### END SOLUTION",
        ),
        (
            "    ### END SOLUTION\n",
            "    ### BEGIN SOLUTION\n    ### END SOLUTION\n",
            "do not come in pairs (BEGIN, BEGIN, END)",
        ),
        ("import torch\n", "### BEGIN SOLUTION\nimport torch\n", "a cell that is no answer has"),
        ('"points": 10', '"points": "40"', "the points of 'half' are no number: '40'"),
        ('"points": 10', '"points": true', "the points of 'half' are no number: True"),
        ('tags=["setup"]', 'tags=["set-up"]', "nothing reads the tag 'set-up'"),
        (' tags=["setup"]', "", "no cell has the tag 'setup'"),
        (' tags=["visible-checks"]', "", "no cell has the tag 'visible-checks'"),
        ("return x * 0.5", "return x * * 0.5", "this is not Python: invalid syntax"),
        ("from torch import Tensor", "from torch imp Tensor", "this is not Python"),
        ("with visible_checks(", "with visible_checks((", "this is not Python"),
    ],
)  # fmt: skip
def test_a_slip_in_the_source_is_refused(draft: Draft, old: str, new: str, says: str) -> None:
    """Each slip names the source file, what is wrong and what to do."""
    path = draft(old, new)
    with pytest.raises(AuthorError) as refused:
        read_source(path)
    message = str(refused.value)
    assert says in message
    assert re.match(rf"{re.escape(str(path))}(:\d+)?: .+\. [A-Z].+\.", message)


def test_a_syntax_error_names_its_line_in_the_source(draft: Draft) -> None:
    """The line is the one in the file that the author writes, and not of anything generated."""
    path = draft("return x * 0.5", "return x * * 0.5")
    with pytest.raises(AuthorError) as refused:
        read_source(path)
    found = re.search(r":(\d+):", str(refused.value))
    assert found
    assert "* *" in path.read_text(encoding="utf-8").splitlines()[int(found[1]) - 1]


def test_metadata_in_single_quotes_is_refused(draft: Draft) -> None:
    """Metadata that is not JSON would be read as the cell's title, and its id be lost."""
    path = draft('{"schema_version": 3, "grade": true', "{'schema_version': 3, \"grade\": true")
    with pytest.raises(AuthorError, match=r":\d+: the cell's nbgrader metadata is not JSON"):
        read_source(path)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('@mistake("half"', '@mistake("halve"', r":\d+: doubles belongs to no exercise: 'halve'"),
        (', "What is half of four?"', "", r":\d+: TypeError: mistake\(\) missing 1 required"),
        ("What is half of four?", " ", r":\d+: this mistake has no tutor line"),
        ("return x / 2", "return x / / 2", r":\d+: SyntaxError"),
        ('alternative("half")', 'alternative("hlf")', r":\d+: divides belongs to no exercise"),
    ],
)  # fmt: skip
def test_a_slip_in_the_bank_is_refused(tmp_path: Path, old: str, new: str, says: str) -> None:
    """What a bank says of no exercise, or says nothing of, is refused with its line."""
    course = write_course(tmp_path)
    assert old in MISTAKES
    course.mistakes(NAME).write_text(MISTAKES.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(AuthorError, match=rf"mistakes\.py{says}"):
        Preparation(course, read_release(course.release(NAME)), 1)


def faults(course: Course, graders: str = GRADERS, mistakes: str = MISTAKES) -> str:
    """What verify says of the course with other graders or mistakes."""
    course.graders(NAME).write_text(graders, encoding="utf-8")
    course.mistakes(NAME).write_text(mistakes, encoding="utf-8")
    return " ".join(verify.verify(course, NAME, [1]).faults)


@pytest.mark.parametrize(
    ("body", "raised"),
    [
        ("if student.half(draw(3)).value[0] > 10: assret(False)", ""),
        (
            "x = 1 + draw.uniform(3); y = student.half(x).value\n    if y[0] > 1: undefined",
            "NameErr",
        ),
        ("x = 1 + draw.uniform(3); y = student.half(x).value\n    if y[0] > 1: y + 'a'", "TypeErr"),
        (
            "x = 1 + draw.uniform(3); y = student.half(x).value\n"
            "    assert y[0] < 1 or y == reference.half(x).value",
            "RuntimeError",
        ),
    ],
)
def test_a_check_that_raises_instead_of_comparing_is_a_fault(
    tmp_path: Path, body: str, raised: str
) -> None:
    """A check whose code stops where an answer is wrong is the author's slip, with its line."""
    graders = GRADERS.replace("same, draw", "student, reference, same, draw")
    graders = graders.replace("same.half(draw(3, 4))", f"same.half(draw(3, 4))\n    {body}")
    graders = graders.replace("same.half(draw(3, 4))\n    x", "x") if raised else graders
    said = faults(write_course(tmp_path), graders)
    found = re.search(r"graders\.py::test_any_table, line \d+: stops with (\w+)", said)
    assert bool(found) is bool(raised)
    if found:
        assert found[1].startswith(raised)


def test_a_mistake_that_only_crashes_for_want_of_an_import_is_a_fault(tmp_path: Path) -> None:
    """A mistake that does not run proves nothing about the checks."""
    mistakes = MISTAKES.replace("return x * 2", "return nn.functional.relu(x)")
    said = faults(write_course(tmp_path), mistakes=mistakes)
    assert "half: doubles only stops with an error" in said

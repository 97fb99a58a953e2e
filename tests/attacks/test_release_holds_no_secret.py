"""What students are handed holds nothing of the hidden checks."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from autograder.course import mistakes as bank
from autograder.course.layout import Course, load
from tests.support.cases import ROOT

COURSE = Course(ROOT)


def hidden(assignment: str) -> list[str]:
    """Names and sentences of hidden checks, and the tutor's lines."""
    tree = ast.parse(COURSE.graders(assignment).read_text(encoding="utf-8"))
    checks = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name.startswith("test_")]
    sentences = [(ast.get_docstring(check) or "").split("\n")[0] for check in checks]
    tutors = [
        entry.tutor for entry in bank.entries(load(COURSE.mistakes(assignment))) if entry.tutor
    ]
    return [*(check.name for check in checks), *sentences, *tutors]


@pytest.mark.parametrize("assignment", COURSE.assignments())
def test_the_release_holds_no_hidden_word(assignment: str) -> None:
    """No name or sentence of a hidden check and no tutor's line stands in the release folder."""
    folder: Path = COURSE.release(assignment).parent
    files = [path for path in folder.rglob("*") if path.is_file()]
    text = "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in files)
    assert "### BEGIN SOLUTION" not in text
    words = hidden(assignment)
    assert len(words) > 20
    assert [word for word in words if word in text] == []

"""The slice of a trusted file that is sent with a function: all that it needs, and no more."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

from autograder.course.layout import load
from autograder.sandbox.code_slice import code_slice

FILE = '''"""Graders."""

import math

import pytest

from autograder.authoring import assert_same, gradients

FACTOR = 2.0


def _scaled(x):
    return FACTOR * math.floor(x)


def probe(solution, x):
    return _scaled(x)


def wraps(solution, name, x):
    return gradients(solution, name, [x], [0], x)


@pytest.mark.exercise("half")
def test_half(same):
    """Halves."""
    assert_same(1, 1)
'''


def module(folder: Path, text: str = FILE) -> ModuleType:
    """A graders file with such a text, loaded as grading loads it."""
    path = folder / "graders.py"
    path.write_text(text, encoding="utf-8")
    return load(path)


def names(text: str) -> dict[str, Any]:
    """What a slice defines where nothing but its own text is there."""
    found: dict[str, Any] = {}
    exec(text, found)
    return found


def test_helpers_constants_and_imports_come_along(tmp_path: Path) -> None:
    """A function works from its slice alone; tests and their marks stay behind."""
    text = code_slice(module(tmp_path).probe)
    assert names(text)["probe"](None, 3.7) == 6.0
    assert not any(word in text for word in ("test_half", "pytest", "gradients"))


def test_of_a_combined_import_only_what_is_used_comes_along(tmp_path: Path) -> None:
    """A probe may wrap a shared one: that one's text is sent, and not the comparison's."""
    text = code_slice(module(tmp_path).wraps)
    assert callable(names(text)["wraps"])
    assert "def gradients" in text
    assert "assert_same" not in text


def test_a_file_that_is_loaded_twice_loses_nothing(tmp_path: Path) -> None:
    """The first module's functions bring their helpers also after a second load of the file."""
    first = module(tmp_path)
    module(tmp_path)
    assert names(code_slice(first.probe))["probe"](None, 1.0) == 2.0


def test_a_function_within_another_is_sent_alone() -> None:
    """Of a nested function there is only its own text."""

    def nested(solution: Any) -> int:
        return 5

    assert names(code_slice(nested).replace("Any", "object"))["nested"](None) == 5

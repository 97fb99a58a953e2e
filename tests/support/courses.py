"""A small course that is not this repository's: one assignment with one exercise."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent
from typing import Any

from autograder.course.layout import Course
from autograder.targets.committed import tree
from autograder.targets.tree import write

NAME = "week1"
EXERCISE = "half"
GRADERS = '''\
"""Hidden checks of week1."""

import pytest

from autograder.authoring import assert_same


@pytest.mark.exercise("half")
def test_any_table(same, draw):
    """Halves every number of a table."""
    same.half(draw(3, 4))
'''
MISTAKES = '''\
"""Known mistakes, and other correct solutions, of week1."""

from autograder.authoring import alternative, mistake


@mistake("half", "What is half of four?")
def doubles(x):
    return x * 2


@alternative("half")
def divides(x):
    return x / 2
'''
_SOURCE = """\
# %% [markdown]
# # Halves

# %% tags=["setup"]
import torch
from torch import Tensor
<setup>

# %% tags=["visible-checks"]
# filled in by the build

# %% [markdown] nbgrader=<statement>
# ### 1.1 · Half of it

# %% nbgrader=<answer>
<reference>

# %% nbgrader=<check>
with visible_checks("half") as call:
    <visible>
"""
REFERENCE = '''\
def half(x: Tensor) -> Tensor:
    """Return half of x."""
    ### BEGIN SOLUTION
    return x * 0.5
    ### END SOLUTION'''
VISIBLE = "call(half, torch.tensor([2.0])).returns(torch.tensor([1.0]))"


def write_course(
    root: Path,
    graders: str = GRADERS,
    config: str = 'title = "Halves"',
    *,
    reference: str = REFERENCE,
    visible: str = VISIBLE,
    setup: str = "",
) -> Course:
    """Write and build the course; afterwards its graders may become others."""
    folder = root / "source" / NAME
    folder.mkdir(parents=True)
    (root / "course.toml").write_text(config + "\n", encoding="utf-8")
    (folder / f"{NAME}.py").write_text(_source(reference, visible, setup), encoding="utf-8")
    (folder / "graders.py").write_text(GRADERS, encoding="utf-8")
    (folder / "mistakes.py").write_text(MISTAKES, encoding="utf-8")
    course = Course(root)
    write(tree(course, NAME), root)
    (folder / "graders.py").write_text(graders, encoding="utf-8")
    return course


def hand_in(course: Course, folder: Path, answer: str) -> Path:
    """Write the released notebook with an answer in it; return its path."""
    notebook = json.loads(course.release(NAME).read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == EXERCISE:
            cell["source"] = dedent(answer)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{NAME}.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


def _source(reference: str, visible: str, setup: str) -> str:
    parts: dict[str, dict[str, Any]] = {
        "<statement>": {"grade_id": f"{EXERCISE}-statement", "locked": True},
        "<answer>": {"grade_id": EXERCISE, "solution": True},
        "<check>": {"grade_id": f"{EXERCISE}-check", "grade": True, "locked": True, "points": 10},
    }
    text = _SOURCE.replace("<reference>", reference).replace("<visible>", visible)
    text = text.replace("<setup>", setup)
    for mark, own in parts.items():
        usual = {"schema_version": 3, "grade": False, "solution": False, "locked": False}
        text = text.replace(mark, json.dumps({**usual, "task": False, **own}))
    return text

"""The pages that people read, and the command blocks in them.

The comment above a block says whether a test runs it:

    <!-- run -->                 always
    <!-- run: slow -->           with the slow tests
    <!-- not run: the reason --> never

The blocks of a page are run one after another, in a course with a small class (``workplace``).
"""

from __future__ import annotations

import csv
import json
import re
import shutil
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT
from tests.integrations.imports import courses

PAGES = sorted(
    [ROOT / name for name in ("README.md", "SECURITY.md", "CONTRIBUTING.md")]
    + list((ROOT / "docs").rglob("*.md"))
)
_BLOCK = re.compile(
    r"^(?P<indent> *)(?:<!-- (?P<how>run|run: slow|not run: .+?) -->\n *)?"
    r"```(?:console|sh|bash|shell)\n(?P<text>.*?)^ *```$",
    re.MULTILINE | re.DOTALL,
)
COURSE = ("source", "release", "solutions")
STUDENTS = {"ada": "Ada Ames", "chen": "Chen Cao"}
CANVAS = (
    ("Student", "ID", "SIS User ID", "SIS Login ID", "Section", "a1_layers (77)"),
    ("    Points Possible", "", "", "", "", "100.00"),
    *((name, str(n), f"S{n}", login, "A", "") for n, (login, name) in enumerate(STUDENTS.items())),
)  # fmt: skip
MOODLE = (
    ("Identifier", "Full name", "Email address", "Status", "Grade", "Maximum Grade",
     "Grade can be changed", "Last modified (submission)", "Last modified (grade)",
     "Feedback comments"),
    *((f"Participant {n}", name, f"{student}@example.org", "Submitted for grading", "", "100.00",
       "Yes", "-", "-", "") for n, (student, name) in enumerate(STUDENTS.items(), 41)),
)  # fmt: skip
PARTICIPANTS = (
    ("First name", "Last name", "Email address", "Groups"),
    *((*name.split(), f"{student}@example.org", "A") for student, name in STUDENTS.items()),
)


@dataclass(frozen=True)
class Block:
    """One block of commands on a page."""

    how: str  # "" where nothing is said
    text: str


def blocks(page: Path) -> Iterator[Block]:
    """The command blocks of a page, from top to bottom."""
    for found in _BLOCK.finditer(page.read_text(encoding="utf-8")):
        lines = found["text"].splitlines()
        text = "\n".join(line.removeprefix(found["indent"]) for line in lines)
        yield Block(found["how"] or "", text)


def runnable(page: Path, *, slow: bool) -> list[str]:
    """What of a page is run."""
    hows = {"run", "run: slow"} if slow else {"run"}
    return [block.text for block in blocks(page) if block.how in hows]


def workplace(folder: Path) -> Path:
    """A course with two submissions, sheets of two systems, and a course of nbgrader's."""
    home = folder / "course"
    home.mkdir()
    for name in COURSE:
        shutil.copytree(ROOT / name, home / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("course.toml", "nbgrader_config.py"):
        shutil.copy(ROOT / name, home)
    (home / ".venv").symlink_to(sys.prefix)
    with zipfile.ZipFile(home / "submissions.zip", "w") as archive:
        for student in STUDENTS:
            archive.write(_sample(student), f"{student}/a1_layers.ipynb")
    shutil.copy(_sample("ada"), home / "ana.ipynb")
    sheets = {"gradebook.csv": CANVAS, "Grades-a1.csv": MOODLE, "participants.csv": PARTICIPANTS}
    for name, rows in sheets.items():
        with (home / name).open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(rows)
    _nbgraders_course(home / "old_course")
    return home


def _sample(student: str) -> Path:
    return ROOT / "samples" / student / "a1_layers" / "a1_layers.ipynb"


def _nbgraders_course(folder: Path) -> None:
    solution = "    ### BEGIN SOLUTION\n    return x / 2\n    ### END SOLUTION"
    cells = [
        courses.answer(f"def half(x):\n{solution}", "half"),
        courses.checks("assert half(4) == 2", "half-test"),
    ]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path = folder / "source" / "ps1" / "ps1.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(notebook), encoding="utf-8")

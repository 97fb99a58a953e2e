"""A new exercise, from the command to a verified course, in a copy of this one."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from autograder.course.layout import Course
from autograder.course.scaffold import new_exercise
from autograder.errors import AuthorError, UsageError
from autograder.targets.committed import tree
from tests.conftest import ROOT

NAME = "half_of"
FOLDER = "source/a1_layers"
PARTS = [f"{FOLDER}/{name}.py" for name in ("a1_layers", "graders", "mistakes")]
THOUGHTS = {  # what an author puts in for each TODO, at its least
    r"(Write\*\* `half_of\(x\)`, which) TODO: says what comes back": r"\1 halves every number",
    r"    TODO  # the reference solution": "    return x / 2",
    r"returns\(TODO\)  # the expected result": "returns(torch.tensor([0.5, 1.0]))",
    r'"TODO: a question that points[^"]*"': '"How much of the number is left?"',
    r"  # TODO: a slip that students really make": "",
    r"TODO: ([^\n]*)": r"\1",
}


@pytest.fixture
def home(tmp_path):
    """A copy of the course with one assignment."""
    ignored = shutil.ignore_patterns("__pycache__", "a[2-9]_*")
    for folder in ("source", "release", "solutions"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    shutil.copy(ROOT / "course.toml", tmp_path)
    bank = tmp_path / PARTS[2]
    bank.write_text(shortened(bank.read_text(encoding="utf-8")), encoding="utf-8")
    return tmp_path


def shortened(bank):
    """A bank with its first mistake of each exercise only, which verifies in seconds.

    What is no entry stays: the entries may use it.
    """
    head, *blocks = bank.split("\n\n\n")
    kept, seen = [head], set()
    for block in blocks:
        name = re.search(r'^@mistake\(\s*"(\w+)"', block, re.MULTILINE)
        entry = re.search(r"^@(mistake|alternative)\(", block, re.MULTILINE)
        if not entry or (name and name[1] not in seen):
            kept.append(block)
            seen |= {name[1]} if name else set()
    return "\n\n\n".join(kept).rstrip() + "\n"


def autograder(home, *words):
    """Run the copy's own command line."""
    command = [sys.executable, "-m", "autograder", *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "300"}
    return subprocess.run(
        command, cwd=home, env=environment, capture_output=True, text=True, check=False, timeout=500
    )


def texts(home):
    """The three files that an exercise is made of."""
    return {part: (home / part).read_text(encoding="utf-8") for part in PARTS}


def test_a_new_exercise_from_stub_to_verified(home):
    """new names three places, build refuses each TODO at its line, and once filled in all holds."""
    made = autograder(home, "new", NAME, "--in", "a1_layers")
    assert made.returncode == 0, made.stderr
    assert [line.split(":")[0] for line in made.stdout.splitlines()[:3]] == ["Fill in"] * 3
    assert "1.10 is now 1.11." in made.stdout
    assert "It is number 1.10; a1_layers has 110 points now." in made.stdout
    refused = autograder(home, "build", "a1_layers").stderr
    assert all(part in refused for part in PARTS)
    for part, text in texts(home).items():
        number = text[: text.index("TODO")].count("\n") + 1
        with pytest.raises(AuthorError, match=f"{part}:{number}: unfinished: .*remove the TODO"):
            tree(Course(home), "a1_layers")
        for mark, thought in THOUGHTS.items():
            text = re.sub(mark, thought, text)
        assert "TODO" not in text
        (home / part).write_text(text, encoding="utf-8")
    built = autograder(home, "build", "a1_layers")
    assert built.returncode == 0, built.stderr
    verified = autograder(home, "verify", "a1_layers", "--seed", "1")
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_the_stubs_stand_before_the_bonus_which_moves_up(home):
    """In source and graders; the bonus has the next number then, and all other text stays."""
    before = texts(home)
    added = new_exercise(Course(home), "a1_layers", NAME)
    assert (added.number, added.moved, added.points) == ("1.10", (("1.10", "1.11"),), 110)
    for part in PARTS[:2]:
        text = texts(home)[part]
        heads = re.findall(r"^# (?:### )?(1\.\d+) (\S+)", text, re.MULTILINE)[-2:]
        assert [number for number, _ in heads] == ["1.10", "1.11"]
        assert text.index(NAME) < text.rindex("count_parameters")
        kept = text.replace("1.11", "1.10").splitlines()
        assert [line for line in before[part].splitlines() if line not in kept] == []


def test_without_a_bonus_the_cells_stand_after_the_last_hints(home):
    """And before what comes next; nothing else changes its number."""
    source = home / PARTS[0]
    text = source.read_text(encoding="utf-8")
    start = text.index("# ### 1.10 ·")
    start = text.rindex("# %%", 0, start)
    end = text.index("# %% [markdown]\n# ## What comes next")
    source.write_text(text[:start] + text[end:], encoding="utf-8")
    added = new_exercise(Course(home), "a1_layers", NAME)
    after = source.read_text(encoding="utf-8")
    assert (added.number, added.moved) == ("1.10", ())
    assert after.index("### 1.9 ·") < after.index("### 1.10 ·") < after.index("## What comes next")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("linear", "already use this name"),
        ("torch", "already use this name"),
        ("run", "already use this name"),
        ("names", "already use this name"),
        ("2nd", "named as a Python function"),
        ("half-of", "named as a Python function"),
        ("class", "named as a Python function"),
        ("Half", "named as a Python function"),
    ],
)
def test_a_name_that_cannot_be_is_refused(home, name, why):
    """A name that exists or that Python would not take changes no file and says what to do."""
    before = texts(home)
    with pytest.raises(UsageError, match=why):
        new_exercise(Course(home), "a1_layers", name)
    assert texts(home) == before


def test_an_unknown_assignment_is_refused(home):
    """The assignments that there are get named."""
    with pytest.raises(UsageError, match="Take one of a1_layers"):
        new_exercise(Course(home), "a9_nothing", NAME)

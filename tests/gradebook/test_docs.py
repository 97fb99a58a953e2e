"""docs/gradebook.md: its commands run in a term, and its course.toml is read."""

from __future__ import annotations

import re
import shlex
import zipfile

import pytest

from autograder.course.config import read_config
from tests.conftest import ROOT
from tests.gradebook.term import make_term

TEXT = (ROOT / "docs" / "gradebook.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```console\n(.*?)```", TEXT, re.DOTALL)
COMMANDS = [line for block in BLOCKS for line in block.splitlines()]


def test_its_course_toml_is_read(tmp_path):
    """Every key of it is one, and stands where it belongs."""
    (toml,) = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    (tmp_path / "course.toml").write_text(toml)
    found = read_config(tmp_path)
    assert set(found.policies) == {"week1", "week6"}
    assert found.policy("week1").tokens.most == 3


@pytest.mark.slow
def test_its_commands_run(run, tmp_path):
    """A term in the commands of the page, one after the other."""
    term = make_term(tmp_path / "course", people=12)
    roster = term.root / "roster.csv"
    lines = roster.read_text(encoding="utf-8-sig").splitlines()
    names = ("ana", "ben")
    for number, name in enumerate(names, 1):
        lines = [re.sub(rf"^s{number:04d},", f"{name},", line) for line in lines]
    roster.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with zipfile.ZipFile(term.root / "submissions.zip", "w") as given:
        given.writestr("doejane_4711_9001_week1.ipynb", "{}")
    assert len(COMMANDS) == 15
    for command in COMMANDS:
        words = shlex.split(command)
        assert words[0] == ".venv/bin/autograder"
        done = run(*words[1:], cwd=term.root)
        assert done.returncode == 0, (command, done.stderr)

"""Gradescope's list of submissions and a course's settings, however they were edited."""

from __future__ import annotations

import math
from pathlib import Path
from tempfile import TemporaryDirectory

from autograder.course.config import read_config
from autograder.submissions.lms import groups
from tests.fuzz.support import changed, fuzzed, value_or_error

GRADESCOPE = b"""---
submission_12:
  :submitters:
  - :name: Jane Doe
    :email: jane@x.org
    :sid: s1
  :created_at: 2026-01-02 03:04:05.678 Z
  :history: &1
  - a: [1, 2]
submission_13:
  :submitters:
  - {":name": Rob Roe, ":email": rob@x.org, ":sid": 0123}
  :created_at: 2026-01-02 03:04:05.678 Z
  :history: *1
"""
YAML = (
    b": ", b"- ", b"? ", b"!!bool x", b"!!int ''", b"!!float ''", b"!!timestamp x", b"!!binary x",
    b"!!python/object:os.system x", b"&2 ", b"*1", b"*2", b"{", b"}", b"[", b"]", b"|\n", b">\n",
    b"<<: *1\n", b"2001-99-99", b"9999-12-31 23:59:59 -23:59", b"0001-01-01 00:00:00 +23:00",
    b"~", b"null", b"true", b".inf", b".nan", b"0x1", b"1:2:3", b"--- \n", b"...\n", b"%YAML 9.9\n",
    b"!!set {a}", b"!!omap [a]", b"!!pairs [a]", b"'", b"\t", b"{a: " * 30_000, b"- " * 30_000,
)  # fmt: skip
COURSE = b"""title = "Shallow learning"
id = "shallow-learning"
roster = "roster.csv"

[sandbox]
packages = ["plotly"]
stand_ins = ["matplotlib"]
memory_mib = 3072
cpu_seconds = 600

[budget]
seconds = 120
cpu_seconds = 120
answers_mib = 64
cells = 1000
"""
TOML = (
    b"[a]\n", b"[[budget]]\n", b"[sandbox.x]\n", b"= ", b"'''", b'"""', b"{a = ", b"}", b"]", b"[",
    b"inf", b"nan", b"1e999", b"0x" + b"f" * 9000, b"-1", b"true", b"1979-05-27T07:32:00Z", b"#",
    b"\\u0000", b"a" + b".a" * 3000 + b" = 1\n", b'"x" = 1\n', b"title = 5\n", b"[" * 3000,
)  # fmt: skip


@fuzzed(changed(GRADESCOPE, YAML))
def test_gradescopes_metadata(content: bytes) -> None:
    """Whatever the list holds, each submission has people who are words, or it is refused."""
    with TemporaryDirectory() as folder:
        path = Path(folder).resolve() / "submission_metadata.yml"
        path.write_bytes(content)
        found = value_or_error(groups, path, but=str(path))
        for name, group in (found or {}).items():
            assert isinstance(name, str)
            assert all(len(whose.handle) <= len(content) for whose in group.members)


@fuzzed(changed(COURSE, TOML))
def test_settings_of_a_course(content: bytes) -> None:
    """Settings are read, with numbers that the machine can count, or refused."""
    with TemporaryDirectory() as folder:
        Path(folder, "course.toml").write_bytes(content)
        config = value_or_error(read_config, Path(folder), but=folder)
        if config is not None:
            budget = config.sandbox.budget
            assert math.isfinite(budget.seconds + budget.cpu_seconds)
            assert max(config.sandbox.memory, budget.answer_bytes) < 2**63

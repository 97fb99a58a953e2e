"""Each command block of the README and the documentation works as it stands there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.docs.pages import PAGES, blocks, runnable, workplace

QUICK = [page for page in PAGES if runnable(page, slow=False)]
SLOW = [page for page in PAGES if runnable(page, slow=True) != runnable(page, slow=False)]


def name_of(page: Path) -> str:
    """A page's name, for people."""
    return str(page.relative_to(ROOT))


def run(page: Path, folder: Path, *, slow: bool) -> None:
    """Run a page's blocks one after another, as somebody who follows it would."""
    home = workplace(folder)
    script = "\n".join(["set -euo pipefail", *runnable(page, slow=slow)])
    path = f"{Path(sys.prefix, 'bin')}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "COLUMNS": "200", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["bash", "-c", script], cwd=home, env=environment, capture_output=True, text=True,
        check=False, timeout=500,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_each_block_is_run_or_says_why_not(page: Path) -> None:
    """No block of commands stands on a page without a word about who runs it."""
    assert [block.text for block in blocks(page) if not block.how] == []


@pytest.mark.parametrize("page", QUICK, ids=name_of)
def test_the_commands_of_a_page_work(page: Path, tmp_path: Path) -> None:
    """Who types what a page says, from top to bottom, sees no error."""
    run(page, tmp_path, slow=False)


@pytest.mark.slow
@pytest.mark.parametrize("page", SLOW, ids=name_of)
def test_the_commands_that_take_long_work_too(page: Path, tmp_path: Path) -> None:
    """The same, with the commands that take a while."""
    run(page, tmp_path, slow=True)


def test_a_block_that_fails_is_noticed(tmp_path: Path) -> None:
    """A page with a wrong command does not pass."""
    page = tmp_path / "page.md"
    page.write_text("<!-- run -->\n```console\nautograder gradde x\n```\n", encoding="utf-8")
    with pytest.raises(AssertionError, match="gradde"):
        run(page, tmp_path, slow=False)

"""What several tests share: the course, and one grading of the sample class."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.course.layout import Course
from tests.browser.lab import CHROMIUM, FLAGS
from tests.support import remains

ROOT = Path(__file__).parents[1]


def autograder(*words: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run the real command line."""
    command = [sys.executable, "-m", "autograder", *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=900
    )


@pytest.fixture(scope="session", autouse=True)
def nothing_is_left() -> Iterator[None]:
    """After the whole suite, nothing that ran has left a process, a mount or a file."""
    if sys.platform != "linux":
        yield
        return
    before = remains.remains()
    yield
    assert remains.left_since(before) == set()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's Chromium, for one module: while it runs, no other event loop can."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip(f"Chromium is not at {CHROMIUM}: apt-get install chromium")
    with playwright.sync_playwright() as running:
        started = running.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def process(sandbox: Any) -> Iterator[Any]:
    """A fresh process in the sandbox that a suite calls ``sandbox``."""
    opened = sandbox.zygote.open()
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def run():
    """The command line as a function."""
    return autograder


@pytest.fixture(scope="session")
def course() -> Course:
    """The course of this repository."""
    return Course(ROOT)


@pytest.fixture(scope="session")
def graded(tmp_path_factory) -> dict[str, dict]:
    """The sample class, graded once by the command line: result by student."""
    out = tmp_path_factory.mktemp("graded")
    done = autograder("grade", "samples", "--seed", "7", "--out", str(out), "--quiet")
    assert done.returncode == 0, done.stderr
    results = (json.loads(path.read_text()) for path in (out / "a1_layers").glob("*.json"))
    return {result["student"]: {**result, "folder": out} for result in results}

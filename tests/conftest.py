"""What several tests share: the course, and one grading of the sample class."""

import json
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch: each core has a process of its own

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from xdist.scheduler import LoadScopeScheduling

from autograder.course.layout import Course
from tests.browser.lab import CHROMIUM, FLAGS
from tests.support import remains

ROOT = Path(__file__).parents[1]
BEFORE = pytest.StashKey[set[str]]()
LEFT = pytest.StashKey[set[str]]()
SHARING = {"tests/integrations"}  # folders with session fixtures that cost much
# Files that change or count the mounts of the whole machine, and so must not run side by side.
MACHINE_WIDE = {
    "tests/attacks/test_aftermath.py",
    "tests/running/test_cluster.py",
    "tests/running/test_durability.py",
}
# Files whose tests take minutes and share nothing.
SINGLY = {"test_verify.py", "test_real_kernel.py", "test_imports.py", "test_forged_facts.py"}
# Files that take long, in seconds: they are started first, so that no process waits for another.
LONG = {
    "test_verify.py": 300,
    "test_forged_facts.py": 250,
    "test_real_kernel.py": 200,
    "test_imports.py": 120,
    "test_cluster.py": 80,
    "test_durability.py": 60,
    "test_attacks.py": 250,
    "test_kernel.py": 90,
    "test_budget.py": 60,
    "test_patterns.py": 60,
    "test_layout_property.py": 40,
    "test_notebooks.py": 50,
    "test_accessibility.py": 40,
    "test_aftermath.py": 40,
    "test_sample_class.py": 40,
    "test_faults.py": 100,
    "test_pool.py": 30,
    "test_commands.py": 30,
}


def autograder(*words: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run the real command line."""
    command = [sys.executable, "-m", "autograder", *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=900
    )


# --- one run of the suite, by one process or by several ------------------------------------------


def pytest_sessionstart(session: pytest.Session) -> None:
    """Note what is on this machine before the first test."""
    if _is_whole_run(session.config):
        session.config.stash[BEFORE] = remains.remains()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """After the last test, nothing that ran may have left a process, a mount or a file."""
    if not _is_whole_run(session.config) or BEFORE not in session.config.stash:
        return
    session.config.stash[LEFT] = remains.left_since(session.config.stash[BEFORE])
    if session.config.stash[LEFT]:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_unconfigure(config: pytest.Config) -> None:
    """Say so below everything else, where whoever reads that all passed sees why it failed."""
    if left := config.stash.get(LEFT, None):
        print(f"\nLeft behind by the tests: {', '.join(sorted(left))}")


def _is_whole_run(config: pytest.Config) -> bool:
    """Whether this process is not one of pytest-xdist's workers, beside which others work."""
    return sys.platform == "linux" and not hasattr(config, "workerinput")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Hand out whole files, folders whose files share what costs much, and long tests singly."""
    return _ByFile(config, log)


class _ByFile(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        folder = file.rpartition("/")[0]
        if file.rpartition("/")[2] in SINGLY:
            return nodeid
        if file in MACHINE_WIDE:
            return "the whole machine"
        return folder if folder in SHARING else file


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with what takes longest, so that at the end no process waits for another."""
    items.sort(key=lambda item: _duration(item.path), reverse=True)


def _duration(path: Path) -> int:
    """About how many seconds a file or its folder takes; those that are not listed take a few."""
    return 100 if "integrations" in path.parts else LONG.get(path.name, 0)


# --- fixtures ------------------------------------------------------------------------------------


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
def graded(tmp_path_factory, worker_id) -> dict[str, dict]:
    """The sample class, graded once by the command line for all processes: result by student."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent  # of this run of the suite
    out = shared / "graded"
    with FileLock(shared / "graded.lock"):
        if not (out / "done").exists():
            done = autograder("grade", "samples", "--seed", "7", "--out", str(out), "--quiet")
            assert done.returncode == 0, done.stderr
            (out / "done").touch()
    results = (json.loads(path.read_text()) for path in (out / "a1_layers").glob("*.json"))
    return {result["student"]: {**result, "folder": out} for result in results}

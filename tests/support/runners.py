"""The ways in which this machine can grade: each tier, as root and as an ordinary user."""

from __future__ import annotations

import functools
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from autograder.model import Report, Tier
from autograder.report import results
from tests.support.cases import ASSIGNMENT, ROOT, Case

_NOBODY = [shutil.which("setpriv") or "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
_SITE = Path(next(iter(__import__("torch").__path__))).parent
_SECONDS = 900
_WORKERS = 3  # at a time


@dataclass(frozen=True)
class Runner:
    """One way to grade."""

    tier: Tier
    ordinary: bool  # as an ordinary user where the tests run as root

    @property
    def name(self) -> str:
        """How tests are labelled."""
        return f"{self.tier}-user" if self.ordinary else str(self.tier)

    def command(self, *arguments: str) -> list[str]:
        """The command line of a module of this project."""
        return [_python(self), "-m", *arguments]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a module of this project."""
        command = self.command(*arguments)
        return subprocess.Popen(
            [*_NOBODY, *command] if self.ordinary else command,
            cwd=ROOT,
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def _environment(self) -> dict[str, str]:
        path = os.environ["PATH"] if self.tier is Tier.ISOLATED else "/nonexistent"
        return {"PATH": path, "PYTHONPATH": f"{ROOT}:{_SITE}", "PYTHONDONTWRITEBYTECODE": "1",
                "HOME": "/tmp", "LC_ALL": "C.UTF-8", "A_TOKEN": "42"}  # fmt: skip


def _python(runner: Runner) -> str:
    """The interpreter of these tests, or the system's where another user cannot read it."""
    if runner.tier is Tier.ISOLATED and not runner.ordinary:
        return sys.executable
    return _readable_python() or sys.executable


@functools.cache
def _readable_python() -> str | None:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    candidates = [
        os.path.realpath(sys.executable),
        f"/usr/bin/{version}",
        f"/usr/local/bin/{version}",
    ]
    return next((path for path in candidates if _works_for_others(path)), None)


def _works_for_others(python: str) -> bool:
    if os.getuid() != 0:
        return python == os.path.realpath(sys.executable)
    if not all(folder.stat().st_mode & stat.S_IXOTH for folder in Path(python).parents):
        return False
    looks = "from importlib.util import find_spec as f; open(f('torch').origin), f('tests').origin"
    return _succeeds([*_as_nobody(), python, "-c", looks])


def _as_nobody() -> list[str]:
    """What makes a command run as an ordinary user; nothing where that is not possible."""
    return _NOBODY if os.getuid() == 0 and shutil.which("setpriv") else []


def _succeeds(command: Sequence[str]) -> bool:
    paths = {"PYTHONPATH": f"{ROOT}:{_SITE}", "PATH": os.environ["PATH"]}
    try:
        done = subprocess.run(command, cwd=ROOT, env=paths, capture_output=True, check=False)
    except FileNotFoundError:
        return False
    return done.returncode == 0


@functools.cache
def available() -> tuple[Runner, ...]:
    """The ways that this machine offers."""
    if sys.platform != "linux":
        return ()
    users = [False, True] if _as_nobody() and _readable_python() else [False]
    return tuple(Runner(tier, user) for user in users for tier in _tiers(user))


def _tiers(ordinary: bool) -> list[Tier]:
    bubblewrap = ["bwrap", "--unshare-net", "--unshare-pid", "--ro-bind", "/", "/", "true"]
    isolated = _succeeds([*(_as_nobody() if ordinary else []), *bubblewrap])
    found = [Tier.ISOLATED] if isolated else []
    return [*found, Tier.CONFINED] if _readable_python() else found


def grade(runner: Runner, files: Sequence[Path], *, hurried: bool = False) -> dict[str, Report]:
    """Grade files with one warm worker; return the reports by the files' stems."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        arguments = [folder, str(runner.tier), "hurried" if hurried else "calm"]
        with runner.start("tests.support.worker", *arguments, *map(str, files)) as worker:
            said = worker.communicate(timeout=_SECONDS)[1]
        assert worker.returncode == 0, f"{runner.name}: {worker.returncode}: {said[-3000:]}"
        return {r.student: r for r in results.read_all(Path(folder, ASSIGNMENT))}


Pair = tuple[Case, Runner]
Reports = dict[tuple[str, Runner], Report]  # by the case's name


def grade_pairs(pairs: Sequence[Pair]) -> Reports:
    """Grade cases in the ways that they are paired with, a few workers at a time.

    Cases that only end by their limits get workers of their own, with short limits.
    """
    batches: dict[tuple[Runner, bool], list[Case]] = {}
    for case, runner in pairs:
        batches.setdefault((runner, case.hurried), []).append(case)
    with ThreadPoolExecutor(_WORKERS) as pool:
        found = pool.map(_batch, batches.items())
    return {key: report for reports in found for key, report in reports.items()}


def _batch(batch: tuple[tuple[Runner, bool], list[Case]]) -> Reports:
    (runner, hurried), cases = batch
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        files = [case.write(Path(folder)) for case in cases]
        return {(i, runner): r for i, r in grade(runner, files, hurried=hurried).items()}


def grade_selected(request: pytest.FixtureRequest) -> Reports:
    """Grade what the selected tests of the requesting module are about."""
    own = [item for item in request.session.items if item.path == request.path]
    params: list[dict[str, Any]] = [
        item.callspec.params for item in own if isinstance(item, pytest.Function)
    ]
    return grade_pairs([(each["case"], each["runner"]) for each in params])

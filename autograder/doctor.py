"""Says what this machine can do: its wall, torch, a GPU, Jupyter, and what to install."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import InfrastructureError
from autograder.model import Tier
from autograder.sandbox import gpu, tiers

_SSH = re.compile(r"^(?:ssh://)?git@([^:/]+)[:/]")
# Somebody without passwords, keys or settings of their own.
_NOBODY = {"GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "true", "HOME": os.devnull}
_CREDENTIALS = re.compile(r"(?<=://)[^/@]*@")


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's: what was looked at, how it is, and how to improve it."""

    what: str
    good: bool
    says: str
    remedy: str = ""


def examine(course: Path | None = None) -> list[Finding]:
    """Look at everything that grading and authoring rely on, and who can read the course."""
    return [_python(), *_wall(), _gpu(), *map(_package, ("torch", "pytest", "plotly")),
            *map(_tool, ("jupytext", "nbgrader", "otter-grader", "jupyterlab")),
            *(map(_remote, _remotes(course)) if course else ())]  # fmt: skip


def _python() -> Finding:
    good = sys.version_info >= (3, 11)
    return Finding("Python", good, platform.python_version(), "" if good else "Use 3.11 or newer.")


def _wall() -> list[Finding]:
    try:
        with tiers.start(["import torch"], Tier.PRACTICE) as sandbox:
            process = sandbox.zygote.open()
            layers = [*sandbox.layers, *process.layers]
            process.close()
            return [_tier(sandbox, layers)]
    except InfrastructureError as error:
        return [Finding("Sandbox", False, str(error), tiers.remedy())]


def _tier(sandbox: tiers.Sandbox, layers: list[str]) -> Finding:
    best = sandbox.tier is Tier.ISOLATED
    says = f"tier {sandbox.tier} ({', '.join(layers)})"
    if sandbox.breaches:
        says += f"; student code could {', '.join(sandbox.breaches)}"
    return Finding("Sandbox", best, says, "" if best else tiers.remedy())


def _gpu() -> Finding:
    """Whether --device cuda would work: tried where student code would run."""
    try:
        with tiers.start(["import torch"], Tier.PRACTICE, gpu=gpu.find()) as sandbox:
            return Finding("GPU", True, f"{sandbox.gpu}, for grade --device cuda")
    except InfrastructureError as error:
        return Finding(
            "GPU",
            True,
            "none that can be used, and none is needed: checks run on the CPU",
            str(error),
        )


def _remotes(course: Path) -> list[str]:
    """Where the course's repository is kept, as addresses that a browser would take."""
    said = _git("-C", str(course), "remote", "-v")
    found = [line.split()[1] for line in said.stdout.splitlines() if len(line.split()) > 1]
    return list(dict.fromkeys(_SSH.sub(r"https://\1/", url) for url in found))


def _remote(url: str) -> Finding:
    """Whether everybody can read a repository: tried as somebody without any password."""
    about = f"repository {_CREDENTIALS.sub('', url)}"
    if not url.startswith(("https://", "http://")):
        return Finding(about, True, "not on the web")
    asked = _CREDENTIALS.sub("", url)
    if _git("-c", "credential.helper=", "ls-remote", asked, **_NOBODY).returncode != 0:
        return Finding(about, True, "cannot be read without a password, or not from here")
    says = "everybody can read it, and with it the hidden checks and the solutions"
    return Finding(about, False, says, "Make it private; give students dist/students/.")


def _git(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            ["git", *words], env={**os.environ, **environment}, capture_output=True, text=True,
            check=False, timeout=10,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return subprocess.CompletedProcess(words, 1, "", "")


def _package(name: str) -> Finding:
    return _installed(name, f"pip install {name}", needed=True)


def _tool(name: str) -> Finding:
    return _installed(name, f"for building and exporting: pip install {name}", needed=False)


def _installed(name: str, remedy: str, *, needed: bool) -> Finding:
    try:
        return Finding(name, True, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Finding(name, not needed, "not installed", remedy)

"""Says what this machine can do: its wall, torch, a GPU, Jupyter, and what to install."""

from __future__ import annotations

import importlib.metadata
import platform
import sys
from dataclasses import dataclass

from autograder.errors import InfrastructureError
from autograder.model import Tier
from autograder.sandbox import gpu, tiers


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's: what was looked at, how it is, and how to improve it."""

    what: str
    good: bool
    says: str
    remedy: str = ""


def examine() -> list[Finding]:
    """Look at everything that grading and authoring rely on."""
    return [_python(), *_wall(), _gpu(), *map(_package, ("torch", "pytest", "plotly")),
            *map(_tool, ("jupytext", "nbgrader", "otter-grader", "jupyterlab"))]  # fmt: skip


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
        return Finding("GPU", True, "none that can be used; checks run on the CPU", str(error))


def _package(name: str) -> Finding:
    return _installed(name, f"pip install {name}", needed=True)


def _tool(name: str) -> Finding:
    return _installed(name, f"for building and exporting: pip install {name}", needed=False)


def _installed(name: str, remedy: str, *, needed: bool) -> Finding:
    try:
        return Finding(name, True, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Finding(name, not needed, "not installed", remedy)

"""One warm sandbox for all tests of the wall, as strong as this machine offers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from autograder.course.config import STAND_INS
from autograder.model import SandboxSettings, Tier
from autograder.sandbox import tiers
from autograder.sandbox.tiers import Sandbox

SETTINGS = SandboxSettings(packages=("plotly",), stand_ins=STAND_INS)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A ready sandbox."""
    with tiers.start(["import torch"], Tier.CONFINED, SETTINGS) as ready:
        yield ready

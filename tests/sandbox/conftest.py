"""One warm sandbox for all tests of the wall, as strong as this machine offers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from autograder.sandbox import tiers
from autograder.model import Tier
from autograder.sandbox.tiers import Sandbox


@pytest.fixture(scope="module")
def walled() -> Iterator[Sandbox]:
    """A ready sandbox."""
    with tiers.sandbox(["import torch"], Tier.CONFINED) as ready:
        yield ready

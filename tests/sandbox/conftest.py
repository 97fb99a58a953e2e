"""One warm sandbox for all tests of the wall, as strong as this machine offers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from autograder import tiers
from autograder.model import Tier
from autograder.tiers import Walled


@pytest.fixture(scope="module")
def walled() -> Iterator[Walled]:
    """A ready sandbox."""
    with tiers.sandbox(["import torch"], Tier.CONFINED) as ready:
        yield ready

"""Which cases ``make test`` leaves to ``make test-all``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest


def one_quick(values: Sequence[Any]) -> list[Any]:
    """Parameters of a test that takes long: the first is always run, the others are slow."""
    return [values[0], *(pytest.param(value, marks=pytest.mark.slow) for value in values[1:])]

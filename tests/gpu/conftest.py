"""Tests that need a GPU are skipped where there is none, and say why."""

from __future__ import annotations

import pytest
import torch

from autograder.errors import InfrastructureError
from autograder.sandbox import gpu


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what is marked gpu on a machine without one."""
    reason = _missing()
    for item in items if reason else ():
        if item.get_closest_marker("gpu"):
            item.add_marker(pytest.mark.skip(reason=reason))


def _missing() -> str:
    """What is missing for CUDA here; nothing where it works."""
    try:
        gpu.find()
    except InfrastructureError as error:
        return str(error)
    return "" if torch.cuda.is_available() else "torch finds no GPU that it can use"

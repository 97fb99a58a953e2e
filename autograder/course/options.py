"""What a new course can be written in; quick to load."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What answers are written in."""

    TORCH = "torch"
    NUMPY = "numpy"

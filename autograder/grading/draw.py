"""Draws the inputs of hidden checks, in the trusted process, from the seed in the report."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

import torch
from torch import Tensor

_T = TypeVar("_T")


def derived_seed(seed: int, name: str) -> int:
    """A seed of its own for each named thing, the same on every machine."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{name}".encode()).digest()[:7], "big")


class Draw:
    """Random inputs of one check, the same for everyone who is graded with the same seed.

    ``draw(4, 3)`` is a standard normal tensor of that shape, ``draw.integer(2, 9)`` a size from 2
    to 8. All tensors are on the CPU; values are drawn in float64 and rounded to ``dtype``.
    """

    def __init__(self, seed: int) -> None:
        self._generator = torch.Generator().manual_seed(seed)

    def __call__(
        self, *shape: int, dtype: torch.dtype = torch.float32, requires_grad: bool = False
    ) -> Tensor:
        """Return standard normal values of this shape (no shape: one number as a tensor)."""
        values = torch.randn(shape, generator=self._generator, dtype=torch.float64)
        return values.to(dtype).requires_grad_(requires_grad)

    def uniform(
        self,
        *shape: int,
        low: float = 0.0,
        high: float = 1.0,
        dtype: torch.dtype = torch.float32,
    ) -> Tensor:
        """Return uniform values in [low, high) of this shape."""
        values = torch.rand(shape, generator=self._generator, dtype=torch.float64)
        return (low + (high - low) * values).to(dtype)

    def integers(self, low: int, high: int, *shape: int) -> Tensor:
        """Return integers in [low, high), int64, of this shape."""
        return torch.randint(low, high, shape, generator=self._generator)

    def integer(self, low: int, high: int) -> int:
        """Return one integer in [low, high)."""
        return int(self.integers(low, high))

    def number(self, low: float, high: float) -> float:
        """Return one number in [low, high)."""
        return float(self.uniform(low=low, high=high, dtype=torch.float64))

    def choice(self, options: Sequence[_T]) -> _T:
        """Return one of the options, which must not be empty."""
        return options[self.integer(0, len(options))]

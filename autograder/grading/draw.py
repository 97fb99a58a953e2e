"""Draws the inputs of hidden checks, in the trusted process, from the seed in the report."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import TypeVar

import torch
from torch import Tensor

_T = TypeVar("_T")

# So often a draw that tells little is drawn again. Of the shapes that tests use, one in four or
# more is kept, so that the last try is kept as it comes once in some billion checks.
TRIES = 80
SMALL = 100  # numbers; among more of them, some tell
NEAREST, FARTHEST = 0.02, 2.5  # of a few normal values, the sizes that are kept


def derived_seed(seed: int, name: str) -> int:
    """A seed of its own for each named thing, the same on every machine."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{name}".encode()).digest()[:7], "big")


def _first_lines(values: Tensor) -> list[list[float]]:
    """The first line along each axis of a contiguous tensor."""
    numbers = values.flatten().tolist()
    return [
        numbers[: step * length : step]
        for step, length in zip(values.stride(), values.shape, strict=True)
    ]


def _has_order(values: Tensor) -> bool:
    """Whether some first line is sorted: an answer that sorts would look right."""
    return any(
        len(line) > 2 and sorted(line) in (line, line[::-1]) for line in _first_lines(values)
    )


def _has_one_sign(values: Tensor) -> bool:
    """Whether two or more numbers are on one side of 0: an absolute value would look right."""
    return values.numel() > 1 and len({value > 0 for value in values.flatten().tolist()}) == 1


class Draw:
    """Random inputs of one check, the same for everyone who is graded with the same seed.

    ``draw(4, 3)`` is a standard normal tensor of that shape, ``draw.integer(2, 9)`` a size from 2
    to 8. All tensors are on the CPU; values are drawn in float64 and rounded to ``dtype``.

    So that no seed is kinder to a wrong answer than another, what comes out sorted, or normal
    values of one sign only, is drawn again; so is each of a few normal values that lies next to 0
    or far from it, as one in thirty does: whoever wants to know what becomes of such numbers asks
    for them with inputs that are the same for every seed.
    """

    def __init__(self, seed: int) -> None:
        self._generator = torch.Generator().manual_seed(seed)

    def __call__(
        self, *shape: int, dtype: torch.dtype = torch.float32, requires_grad: bool = False
    ) -> Tensor:
        """Return standard normal values of this shape (no shape: one number as a tensor).

        Up to ``SMALL`` values are of a size from ``NEAREST`` to ``FARTHEST``.
        """
        values = self._again_while(
            lambda drawn: _has_one_sign(drawn) or _has_order(drawn), lambda: self._normal(shape)
        )
        return values.to(dtype).requires_grad_(requires_grad)

    def _normal(self, shape: tuple[int, ...]) -> Tensor:
        """Normal values; of a few, those of an unusual size are drawn again, one by one."""
        values = torch.randn(shape, generator=self._generator, dtype=torch.float64)
        for _ in range(TRIES if values.numel() <= SMALL else 0):
            unusual = (values.abs() < NEAREST) | (values.abs() > FARTHEST)
            if not unusual.any():
                break
            others = torch.randn(shape, generator=self._generator, dtype=torch.float64)
            values = torch.where(unusual, others, values)
        return values

    def uniform(
        self,
        *shape: int,
        low: float = 0.0,
        high: float = 1.0,
        dtype: torch.dtype = torch.float32,
    ) -> Tensor:
        """Return uniform values in [low, high) of this shape."""
        values = self._again_while(
            _has_order,
            lambda: torch.rand(shape, generator=self._generator, dtype=torch.float64),
        )
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

    def _again_while(
        self, tells_little: Callable[[Tensor], bool], draw: Callable[[], Tensor]
    ) -> Tensor:
        """Draw until the values tell a right answer from a wrong one."""
        values = draw()
        for _ in range(TRIES):
            if values.numel() > SMALL or not tells_little(values):
                break
            values = draw()
        return values

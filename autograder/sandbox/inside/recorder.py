"""Runs a visible check cell without judging: what came back is recorded, and compared elsewhere.

The cell says ``with visible_checks("linear") as call: call(linear, x).returns(expected)``. In a
student's notebook that compares and prints; here it only notes what the function returned. The
same recording of the reference tells the trusted process what to expect.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any

import numpy as np
import torch

from .fingerprints import fingerprint
from .values import with_values

_MOST = 10**6  # numbers of a table that is copied; views of a few numbers may look vast


class Recorder:
    """Stands where the notebook has ``visible_checks(...)`` and collects events."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let every exception through: it is an answer too."""

    def __call__(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Recorded:
        """Run the function once; what is chained to it is recorded."""
        return Recorded(self.events, function, args, kwargs)

    def value(self, found: Any) -> Recorded:
        """Record a value that a cell leaves behind; what is chained to it is recorded."""
        return self(found) if callable(found) else self(lambda: found)


class Recorded:
    """One call in a visible check, with the expectations chained to it."""

    def __init__(
        self,
        events: list[dict[str, Any]],
        function: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        self.events = events
        given = [*args, *kwargs.values()]
        before = [fingerprint(value) for value in given]
        self.result = function(*args, **kwargs)
        changed = any(fingerprint(value) != was for value, was in zip(given, before, strict=True))
        self.events.append({"what": "changes its arguments", "value": changed})

    def returns(
        self, expected: Any, rtol: float | None = None, atol: float | None = None
    ) -> Recorded:
        """Record the result; ``expected`` is what the notebook compares with."""
        try:
            value = _as_it_is(self.result)
        except Exception:  # what cannot be copied, such as a list that holds itself
            value = self.result
        self.events.append({"what": "returns", "value": value, "rtol": rtol, "atol": atol})
        return self

    def holds(self, sentence: str, condition: Callable[[Any], Any]) -> Recorded:
        """Record whether the condition is true of the result; None where looking fails."""
        try:
            true = bool(condition(self.result))
        except Exception:
            true = None
        self.events.append({"what": "holds", "sentence": sentence, "value": true})
        return self


def _as_it_is(value: Any) -> Any:
    """A copy, which no later call can change: the notebook compares at once."""
    if isinstance(value, torch.Tensor) and value.numel() <= _MOST:
        return value.detach().clone().requires_grad_(value.requires_grad)
    if type(value) is np.ndarray and value.size <= _MOST:
        return value.copy()
    return with_values(value, _as_it_is)

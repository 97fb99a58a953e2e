"""Runs a visible check cell without judging: what came back is recorded, and compared elsewhere.

The cell says ``with visible_checks("linear") as call: call(linear, x).returns(expected)``. In a
student's notebook that compares and prints; here it only notes what the function returned. The
same recording of the reference tells the trusted process what to expect.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any

import torch


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

    def of(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Return the function's plain result, for use as another call's argument."""
        return function(*args, **kwargs)


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
        self.function = function
        self.args = args
        self.kwargs = kwargs
        self.result = function(*args, **kwargs)

    def returns(
        self, expected: Any, rtol: float | None = None, atol: float | None = None
    ) -> Recorded:
        """Record the result; ``expected`` is what the notebook compares with."""
        self.events.append({"what": "returns", "value": self.result, "rtol": rtol, "atol": atol})
        return self

    def gradient(
        self, expected: Any, of: int = 0, rtol: float | None = None, atol: float | None = None
    ) -> Recorded:
        """Record d(sum of the result)/d(argument number ``of``)."""
        value = gradient(self.function, self.args, self.kwargs, of)
        self.events.append({"what": "gradient", "value": value, "rtol": rtol, "atol": atol})
        return self

    def holds(self, sentence: str, condition: Callable[[Any], Any]) -> Recorded:
        """Record whether the condition is true of the result."""
        self.events.append({"what": "holds", "value": bool(condition(self.result))})
        return self


def gradient(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], of: int
) -> torch.Tensor | None:
    """Return the gradient of the summed result with respect to one argument, or None."""
    leaf = args[of].detach().clone().requires_grad_(True)
    result = function(*args[:of], leaf, *args[of + 1 :], **kwargs)
    if not (isinstance(result, torch.Tensor) and result.requires_grad):
        return None
    slopes: tuple[torch.Tensor | None, ...] = torch.autograd.grad(
        result.sum(), leaf, allow_unused=True
    )
    return slopes[0]

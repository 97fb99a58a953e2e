"""An event loop without a socket and without epoll, which the wall refuses.

Jupyter runs its cells in a loop: they await, gather and sleep. Here nothing comes from outside, so
that a loop need only look again, now and then, whether a thread has something for it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from typing import Any

_LOOK = 0.01  # seconds between two looks at what threads have left
_loops: list[asyncio.AbstractEventLoop] = []


class _Nothing:
    """Stands where a loop waits for sockets."""

    def select(self, timeout: float | None = None) -> list[Any]:
        time.sleep(_LOOK if timeout is None else max(0.0, min(timeout, _LOOK)))
        return []


class _Loop(asyncio.BaseEventLoop):
    def __init__(self) -> None:
        super().__init__()
        self._selector = _Nothing()

    def _process_events(self, event_list: list[Any]) -> None:
        """There are none."""

    def _write_to_self(self) -> None:
        """It looks by itself."""


def start() -> asyncio.AbstractEventLoop:
    """The loop of this process; from the first time on, asyncio makes no others than such ones."""
    if not _loops:
        for module in (asyncio, asyncio.events):
            vars(module)["new_event_loop"] = _Loop
        _loops.append(_Loop())
        asyncio.set_event_loop(_loops[0])
    return _loops[0]


def finish(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run to its end what a cell awaits."""
    return start().run_until_complete(coroutine)

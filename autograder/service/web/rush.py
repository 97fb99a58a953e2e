"""A rush, as in a deadline's last seconds: files are received first, and news waits a little.

A class that submits within seconds brings as many requests for news of its attempts as files. To
receive a file is what must not wait: only then it is safe. Whoever waits for news has a queue
before them that is longer than this wait.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque

from starlette.types import ASGIApp, Receive, Scope, Send

FILES = 40  # that came within SECONDS make a rush; no single person may send as many
SECONDS = 1.0
LONGEST_WAIT = 6.0  # seconds that news waits at most
_PAUSE = 0.1


class Rush:
    """Knows whether many files are coming in."""

    def __init__(self) -> None:
        self._moments: deque[float] = deque(maxlen=FILES)
        self._turn = asyncio.Lock()

    def note(self) -> None:
        """Count a file that somebody begins to send."""
        self._moments.append(time.monotonic())

    @property
    def is_on(self) -> bool:
        """Whether as many files as make a rush came lately."""
        moments = self._moments
        return len(moments) == FILES and time.monotonic() - moments[0] < SECONDS

    async def wait(self) -> None:
        """Wait until it is over, in the order in which all came who wait."""
        deadline = time.monotonic() + LONGEST_WAIT
        async with self._turn:
            while self.is_on and time.monotonic() < deadline:
                await asyncio.sleep(_PAUSE)


class NewsWaits:
    """ASGI middleware: lets requests for news wait while there is a rush."""

    def __init__(self, app: ASGIApp, *, rush: Rush) -> None:
        self._app = app
        self._rush = rush

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, when it is its turn."""
        if scope["type"] == "http" and scope["path"].endswith("/events"):
            await self._rush.wait()
        await self._app(scope, receive, send)

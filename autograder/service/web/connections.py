"""Connections: one on which no request begins is closed, and many may be open.

Whoever opens a connection and sends nothing, or half a head, costs the service a descriptor.
"""

from __future__ import annotations

import asyncio
import resource
from contextlib import suppress
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 15.0  # for a request's head to come in; its body has a time of its own
MOST_OPEN = 65_536  # descriptors


class OnTime(H11Protocol):
    """HTTP/1.1 that does not wait for ever for a request to begin."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._look_later()

    def _look_later(self) -> None:
        self.loop.call_later(HEAD_SECONDS, self._look, self.cycle)

    def _look(self, before: Any) -> None:
        """Close the connection if no head has come since the last look."""
        if self.transport.is_closing():
            return
        if self.cycle is before and self.conn.their_state is h11.IDLE:
            self.transport.close()
        else:
            self._look_later()


def raise_the_limit() -> None:
    """Allow more descriptors, where the system lets us; often a thousand is the habit only."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(now, min(most, MOST_OPEN)), most))

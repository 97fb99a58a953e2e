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
# An open connection is kept for the next request for longer than proxies and browsers keep it
# (Caddy: 120 s): else a request could meet a connection that is being closed, and be lost.
KEPT_SECONDS = 150
MOST_OPEN = 65_536  # descriptors


class OnTime(H11Protocol):
    """HTTP/1.1 that does not wait for ever for a request's head."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        """Take in what came."""
        super().data_received(data)
        self._wait_for_the_rest()

    def on_response_complete(self) -> None:
        """Go on to the next request, a part of which may have come already."""
        super().on_response_complete()
        self._wait_for_the_rest()

    def _wait_for_the_rest(self) -> None:
        if self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]:
            self._wait_for_head()

    def _wait_for_head(self) -> None:
        self.loop.call_later(HEAD_SECONDS, self._close_without_head, self.cycle)

    def _close_without_head(self, before: Any) -> None:
        waits = self.cycle is before and self.conn.their_state is h11.IDLE
        if waits and not self.transport.is_closing():
            self.transport.close()


def raise_the_limit() -> None:
    """Allow more descriptors, where the system lets us; often a thousand is the habit only."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(now, min(most, MOST_OPEN)), most))

"""Connections: one on which no request begins is closed, and many may be open.

Whoever opens a connection and sends nothing, or half a head, costs the service a descriptor.
"""

from __future__ import annotations

import asyncio
import resource
from contextlib import suppress

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS = 15.0  # for a request's head to come in; its body has a time of its own
# An open connection is kept for the next request for longer than proxies and browsers keep it
# (Caddy: 120 s): else a request could meet a connection that is being closed, and be lost.
KEPT_SECONDS = 150
MOST_OF_HEAD = 64 << 10  # bytes of a request's head
MOST_OPEN = 65_536  # descriptors


class OnTime(HttpToolsProtocol):
    """HTTP/1.1 that does not wait for ever for a request's head, nor take in one without end."""

    _heads = 0  # that have come in whole
    _size = 0  # bytes of the head that comes in now

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        """Take in what came."""
        before = self._heads
        super().data_received(data)
        self._size = self._size + len(data) if self._heads == before and self._in_head else 0
        if self._size > MOST_OF_HEAD:
            self.transport.close()

    def on_message_begin(self) -> None:
        """Wait for the rest of a request's head."""
        super().on_message_begin()
        self._wait_for_head()

    def on_headers_complete(self) -> None:
        """Take in a request's body in its own time."""
        self._in_head = False
        self._heads += 1
        super().on_headers_complete()

    def _wait_for_head(self) -> None:
        self._in_head = True
        self.loop.call_later(HEAD_SECONDS, self._close_without_head, self._heads)

    def _close_without_head(self, before: int) -> None:
        if self._heads == before and not self.transport.is_closing():
            self.transport.close()


def raise_the_limit() -> None:
    """Allow more descriptors, where the system lets us; often a thousand is the habit only."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(now, min(most, MOST_OPEN)), most))

"""Connections: one on which nothing moves is closed, and many may be open.

Whoever opens a connection and sends nothing, or half a request, or does not read what it is sent,
costs the service a descriptor and memory. ASGI middleware cannot see to this alone: what an
answered request still has to send or to be sent lies here.
"""

from __future__ import annotations

import asyncio
import resource
import socket
import sys
from collections import deque
from contextlib import suppress
from dataclasses import dataclass

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

HEAD_SECONDS = 15.0  # for a request's head to come in; its body has a time of its own
# An open connection is kept for the next request for longer than proxies and browsers keep it
# (Caddy: 120 s): else a request could meet a connection that is being closed, and be lost.
KEPT_SECONDS = 150
REST_SECONDS = 15.0  # for the rest of a body that nobody reads: its request is answered already
# Whoever is sent something takes in so many bytes in so many seconds, or all that waits for it.
TAKING_SECONDS = 20.0
LEAST_TAKEN = 16 << 10
STOP_SECONDS = 3.0  # for answers to be sent to their end when the service stops
MOST_OF_HEAD = 64 << 10  # bytes of a request's head
MOST_OPEN = 65_536  # descriptors
_ACKNOWLEDGED = slice(120, 128)  # of Linux's struct tcp_info: tcpi_bytes_acked


@dataclass(frozen=True)
class _Sent:
    """How much a client has taken in at one moment, and how much waits for it."""

    taken: int
    waiting: int

    @staticmethod
    def by(transport: asyncio.Transport) -> _Sent:
        connection = transport.get_extra_info("socket")
        told = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _ACKNOWLEDGED.stop)
        taken = int.from_bytes(told[_ACKNOWLEDGED], sys.byteorder)
        return _Sent(taken, transport.get_write_buffer_size())

    def stalls_after(self, before: _Sent) -> bool:
        """Whether next to nothing was taken in, though there was enough."""
        enough = min(LEAST_TAKEN, before.waiting)
        return self.waiting > 0 and self.taken - before.taken < enough


class OnTime(HttpToolsProtocol):
    """HTTP/1.1 that waits for ever for nothing: no head, no rest of a body, no slow reader."""

    _heads = 0  # that have come in whole
    _pieces = 0  # of bodies
    _size = 0  # bytes since the last head or piece of a body: of a head, or of trailers
    _whole = True  # the body of the last head, too
    _looking: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._unanswered = deque[RequestResponseCycle]()
        self._wait_for_head()
        if hasattr(socket, "TCP_INFO"):  # Linux alone says what has been taken in
            self._look(_Sent(0, 0))

    def connection_lost(self, exc: Exception | None) -> None:
        """Look no more, and answer no request: uvicorn tells none but the last."""
        if self._looking:
            self._looking.cancel()
        super().connection_lost(exc)
        for cycle in self._unanswered:
            cycle.disconnected = True
            cycle.message_event.set()

    def shutdown(self) -> None:
        """Send what is being sent, for a moment; a reader that is slow keeps nobody waiting."""
        super().shutdown()
        self.loop.call_later(STOP_SECONDS, self.transport.abort)

    def data_received(self, data: bytes) -> None:
        """Take in what came."""
        before, pieces = self._heads, self._pieces
        kept = self._whole and self.timeout_keep_alive_task is not None
        super().data_received(data)
        if kept and self._heads == before and not self._in_head:
            self._wait_for_head()  # a line break begins no request, but ends the wait for one
        stays = (self._heads, self._pieces) == (before, pieces)
        self._size = self._size + len(data) if stays else 0
        if self._size > MOST_OF_HEAD:
            self.transport.close()

    def on_message_begin(self) -> None:
        """Wait for the rest of a request's head."""
        super().on_message_begin()
        self._wait_for_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take in a header of the head, and no trailer: a proxy sets and checks headers alone."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Take in a request's body in its own time."""
        self._in_head = self._whole = False
        self._heads += 1
        super().on_headers_complete()
        self._unanswered.append(self.cycle)

    def on_body(self, body: bytes) -> None:
        """Take in a piece of a body."""
        self._pieces += 1
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note that nothing of the body is missing; after its answer, wait for the next request."""
        self._whole = True
        super().on_message_complete()
        if self.cycle.response_complete:
            self._keep()

    def on_response_complete(self) -> None:
        """Wait for the rest of a body that nobody reads any more, so that its sender reads why."""
        self._unanswered.popleft()
        super().on_response_complete()
        if not self._whole:
            self.loop.call_later(REST_SECONDS, self._close_without_rest, self._heads)

    def _keep(self) -> None:
        wait, end = self.timeout_keep_alive, self.timeout_keep_alive_handler
        self.timeout_keep_alive_task = self.loop.call_later(wait, end)

    def _wait_for_head(self) -> None:
        self._in_head = True
        self.loop.call_later(HEAD_SECONDS, self._close_without_head, self._heads)

    def _close_without_head(self, before: int) -> None:
        if self._heads == before and not self.transport.is_closing():
            self.transport.close()

    def _close_without_rest(self, before: int) -> None:
        missing = self._heads == before and not self._whole and self.cycle.response_complete
        if missing and not self.transport.is_closing():
            self.transport.close()

    def _look(self, before: _Sent) -> None:
        """Cut off whoever takes in next to nothing; a transport that closes waits for it, too."""
        now = _Sent.by(self.transport)
        if now.stalls_after(before):
            self.transport.abort()
        else:
            self._looking = self.loop.call_later(TAKING_SECONDS, self._look, now)


def most_connections() -> int:
    """How many may be open, so that descriptors are left for files and the database."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0] * 3 // 4


def raise_the_limit() -> None:
    """Allow more descriptors, where the system lets us; often a thousand is the habit only."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(now, min(most, MOST_OPEN)), most))

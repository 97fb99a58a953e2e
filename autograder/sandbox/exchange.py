"""The trusted end of one channel: sends many requests and reads their answers in order.

Neither side waits for the other: requests flow out while answers flow in, so that a whole
submission costs a few wake-ups and not one for each call. Sizes are checked before anything is
stored, and every answer has a deadline.
"""

from __future__ import annotations

import secrets
import select
import socket
import sys
import time
from collections import deque

from autograder.sandbox.inside import protocol

_CHUNK = 1 << 18


class Exchange:
    """A channel with its unsent requests and its half-received answer."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        channel.setblocking(False)
        self._poll = select.poll()
        self._unsent: deque[memoryview] = deque()
        self._received = bytearray()
        self.largest = sys.maxsize  # bytes of an answer; the wire's own limits are wider
        self._numbers = deque([0])  # of the requests without an answer; the greeting bears 0

    def put(self, frame: bytes) -> None:
        """Queue a request; it leaves while answers are awaited."""
        self._numbers.append(secrets.randbits(32))
        self._unsent.append(memoryview(protocol.numbered(frame, self._numbers[-1])))

    def get(self, deadline: float) -> bytes:
        """Return the next answer as a raw frame; raise ProtocolError when none comes in time."""
        while (size := self._size()) is None or len(self._received) < size:
            self._move(deadline)
        frame = bytes(self._received[:size])
        del self._received[:size]
        if protocol.number_of(frame) != self._numbers.popleft():
            raise protocol.ProtocolError("an answer to a question that was not asked")
        return protocol.numbered(frame, 0)

    def _size(self) -> int | None:
        """The size of the answer that has begun, looked at before the rest of it is stored."""
        size = protocol.frame_size(self._received)
        if size is not None and size > self.largest:
            raise protocol.ProtocolError("an answer over the size limit")
        return size

    @property
    def idle(self) -> bool:
        """Whether nothing is under way: any byte now would be one that nobody asked for."""
        return not self._unsent and not self._received

    def _move(self, deadline: float) -> None:
        events = select.POLLIN | (select.POLLOUT if self._unsent else 0)
        self._poll.register(self._channel, events)
        left = max(0.0, deadline - time.monotonic()) * 1000
        ready = dict(self._poll.poll(left))
        if not ready:
            raise protocol.DeadlinePassed("no answer in time")
        try:
            if events & select.POLLOUT:
                self._send()
            self._receive()
        except BlockingIOError:
            return
        except OSError as error:
            raise protocol.ChannelClosed("the other side is gone") from error

    def _send(self) -> None:
        try:
            while self._unsent:
                sent = self._channel.send(self._unsent[0], socket.MSG_NOSIGNAL)
                self._unsent[0] = self._unsent[0][sent:]
                if not self._unsent[0]:
                    self._unsent.popleft()
        except BlockingIOError:
            return
        except BrokenPipeError:
            self._unsent.clear()  # what was answered before the end still counts

    def _receive(self) -> None:
        chunk = self._channel.recv(_CHUNK)
        if not chunk:
            raise protocol.ChannelClosed("the other side is gone")
        self._received += chunk

    def close(self) -> None:
        """Close the channel."""
        self._channel.close()

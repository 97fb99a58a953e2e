"""Makes attempts of arrivals, many in one transaction: a disk does a few hundred of these a second.

Who waits for an answer hears it when the transaction that holds the attempt is on the disk.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future

from autograder.service.storage.attempts import Arrival, Attempts

MOST = 500  # arrivals in one transaction

_Waiting = tuple[Arrival, "Future[int]"]


class Intake:
    """One thread that writes what all requests bring."""

    def __init__(self, attempts: Attempts, tell: Callable[[], None]) -> None:
        self._attempts = attempts
        self._tell = tell  # that something has come
        self._waiting: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="intake", daemon=True)
        self._thread.start()

    async def receive(self, arrival: Arrival) -> int:
        """Make an attempt; return its id once the disk has it."""
        return await asyncio.wrap_future(self.submit(arrival))

    def submit(self, arrival: Arrival) -> Future[int]:
        """Make an attempt; the future holds its id once the disk has it."""
        future: Future[int] = Future()
        self._waiting.put((arrival, future))
        return future

    def close(self) -> None:
        """Write what has come, and end."""
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        while first := self._waiting.get():
            batch = [first]
            while len(batch) < MOST and not self._waiting.empty():
                if (more := self._waiting.get()) is None:
                    self._waiting.put(None)
                    break
                batch.append(more)
            self._write(batch)

    def _write(self, batch: list[_Waiting]) -> None:
        try:
            ids = self._attempts.receive([arrival for arrival, _ in batch])
        except Exception as error:  # whoever waits hears of it, and nothing was acknowledged
            for _, future in batch:
                future.set_exception(error)
            return
        self._tell()
        for (_, future), id in zip(batch, ids, strict=True):
            future.set_result(id)

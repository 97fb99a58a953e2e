"""Who waits, in what place, and for how long still: one look at the queue for all who watch."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool

from autograder.model import Report
from autograder.service.service import Service
from autograder.service.storage.tasks import Task

TICK = 0.5  # seconds between two looks at the queue while anybody watches
AGAIN = 5.0  # seconds after which a place is said again: proxies close what is silent
TOLD = 50  # times that a wait is told of, if it is long: who is far behind hears of it less often
MOST_WATCHERS = 20  # pages of one attempt that are kept up to date


@dataclass(frozen=True)
class Place:
    """Where an attempt stands in the queue."""

    number: int  # 1 is the first
    of: int
    seconds: float  # until its result, as far as can be said

    @property
    def words(self) -> str:
        """One sentence for who waits."""
        if self.seconds < 2:
            return "Your notebook is being checked now."
        wait = (
            f"{self.seconds:.0f} seconds"
            if self.seconds < 90
            else f"{self.seconds / 60:.0f} minutes"
        )
        return f"You are number {self.number} of {self.of} in the queue: about {wait}."


class Board:
    """The queue as those see it who wait."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._places: dict[int, int] = {}
        self._watchers: defaultdict[int, set[asyncio.Event]] = defaultdict(set)
        self._looking: asyncio.Task[None] | None = None
        self._next: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.create_task(self._run())
        service.listeners.append(self._tell)

    async def place(self, attempt: int) -> Place | None:
        """Where an attempt stands now; None if it does not wait."""
        await self._look()
        return self._place(attempt)

    async def watch(self, attempt: int) -> AsyncIterator[Place]:
        """The places of an attempt as they change, until it has its result."""
        done = asyncio.Event()
        watchers = self._watchers[attempt]
        if len(watchers) >= MOST_WATCHERS:
            return
        watchers.add(done)
        try:
            await self._look()
            said: tuple[Place | None, float] = (None, 0.0)
            while (place := self._place(attempt)) and not self._ended(done):
                if place != said[0] or self._loop.time() - said[1] > AGAIN:
                    yield place
                    said = (place, self._loop.time())
                with suppress(TimeoutError):
                    async with asyncio.timeout(min(max(TICK, place.seconds / TOLD), AGAIN)):
                        await done.wait()
        finally:
            watchers.discard(done)
            if not watchers:
                self._watchers.pop(attempt, None)

    def _ended(self, done: asyncio.Event) -> bool:
        return done.is_set() or self._service.draining.is_set()

    def close(self) -> None:
        """End: whoever watches is told nothing more."""
        self._task.cancel()
        for watchers in list(self._watchers.values()):
            for done in watchers:
                done.set()

    def _place(self, attempt: int) -> Place | None:
        number = self._places.get(attempt)
        if number is None:
            return None
        number = min(number, len(self._places))  # some before it are done since the last look
        return Place(number, len(self._places), self._service.pace.estimate(number))

    def _tell(self, task: Task, report: Report) -> None:
        """From a worker's thread."""
        if task.regrade is None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._done, task.attempt.id)

    def _done(self, attempt: int) -> None:
        self._places.pop(attempt, None)
        for done in self._watchers.get(attempt, ()):
            done.set()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            if self._watchers:
                await asyncio.gather(self._look(), return_exceptions=True)

    async def _look(self) -> None:
        """Look at the queue as it is from now on; all who ask during one look share the next."""
        if self._next is None:
            self._next = asyncio.create_task(self._look_after(self._looking))
        await asyncio.shield(self._next)

    async def _look_after(self, other: asyncio.Task[None] | None) -> None:
        if other is not None:
            await asyncio.wait([other])
        self._looking, self._next = self._next, None
        waiting = await run_in_threadpool(self._service.queue.waiting)
        self._places = {attempt: number for number, attempt in enumerate(waiting, 1)}

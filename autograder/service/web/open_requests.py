"""Open requests: how many a person or an address may have at the same time.

Each holds memory, a task and often a descriptor until its last byte is sent, however slowly its
client sends and reads. A request counts for its address until it is known who asks, and for that
person from then on: a class behind one address is many people.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from fastapi import HTTPException, Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from autograder.service.web.access import Visitor, address

MOST_OF_PERSON = 40  # pages that wait for a result included
MOST_OF_ADDRESS = 2_000  # as long as it is not known who asks: a class comes in the same second
_MANY = "Too many of your pages are loading at the same time. Close some, and try again."


class OpenRequests:
    """How many are open, of each person and of each address."""

    def __init__(self) -> None:
        self._open: Counter[tuple[str, str]] = Counter()

    def enter(self, kind: str, who: str, most: int) -> Callable[[], None]:
        """Count one more; return what ends it.

        Raises:
            HTTPException: there are too many.
        """
        key = (kind, who)
        if self._open[key] >= most:
            raise HTTPException(429, _MANY, {"Retry-After": "10"})
        self._open[key] += 1
        return lambda: self._leave(key)

    def _leave(self, key: tuple[str, str]) -> None:
        self._open[key] -= 1
        if not self._open[key]:
            del self._open[key]


class Place:
    """What one request counts for."""

    def __init__(self, requests: OpenRequests) -> None:
        self._requests = requests
        self.leave: Callable[[], None] = lambda: None

    def take(self, kind: str, who: str, most: int) -> None:
        """Count for somebody, and no more for whom it has counted so far."""
        entered = self._requests.enter(kind, who, most)
        self.leave()
        self.leave = entered


class OpenLimits:
    """ASGI middleware: counts each request for its address until it has ended."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._requests = OpenRequests()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, if there is a place."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request, place = Request(scope), Place(self._requests)
        request.state.place = place
        try:
            place.take("address", address(request), MOST_OF_ADDRESS)
        except HTTPException as refused:
            answer = PlainTextResponse(f"{refused.detail}\n", refused.status_code, refused.headers)
            await answer(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        finally:
            place.leave()


async def count_for_person(request: Request) -> None:
    """After it is known who asks: count the request for them."""
    visitor: Visitor | None = request.state.visitor
    if visitor is not None:
        place: Place = request.state.place
        place.take("person", visitor.person.student, MOST_OF_PERSON)

"""Limits: how large and how slow an upload may be, and how often somebody may do something."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict

from python_multipart.multipart import parse_options_header
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from autograder.submissions.read import MAX_FILE

LARGEST = MAX_FILE + (1 << 20)  # bytes of a request: one file, and what stands around it
SECONDS = 120.0  # for a whole request to come in
MOST_KNOWN = 50_000  # people or addresses that are remembered
_FORM_BYTES = 64 << 10  # of a request that brings no file
_TOO_LARGE = f"The file is larger than {MAX_FILE >> 20} MB. Clear its outputs and try again.\n"
_CHARSETS = (b"utf-8", b"utf8", b"us-ascii", b"ascii", b"iso-8859-1", b"latin-1")
_ODD_CHARSET = "Send this form in UTF-8, as browsers do.\n"
_TOO_SLOW = "The upload took too long. Check your connection and try again.\n"


class Refused(Exception):
    """A request that is cut off."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


class Rate:
    """So many at once, and so many more each second; of each person or address."""

    def __init__(self, burst: float, per_second: float) -> None:
        self._burst = float(burst)
        self._per_second = per_second
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, who: str, amount: float = 1) -> float:
        """Take some; return 0, or after how many seconds there will be enough."""
        now = time.monotonic()
        left, at = self._left.pop(who, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._per_second)
        enough = left >= amount
        self._left[who] = (left - amount if enough else left, now)
        while len(self._left) > MOST_KNOWN:
            self._left.popitem(last=False)
        return 0.0 if enough else (amount - left) / self._per_second


class BodyLimits:
    """ASGI middleware: counts a request's bytes as they come, and does not wait for ever."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with a limit on its body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if not _is_plain(scope):
            await _answer(Refused(400, _ODD_CHARSET), send)
            return
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, _limited(scope, receive), watched)
        except Refused as refused:
            if not started:
                await _answer(refused, send)


def _is_plain(scope: Scope) -> bool:
    """Whether a form's letters are in a charset that is read in one pass, as browsers send them.

    To decode some others takes the square of the length, and some lead to halves of letters. The
    header is read by what will read the form, so that both see the same charset.
    """
    types = [value for name, value in scope.get("headers", ()) if name == b"content-type"]
    read = [parse_options_header(one.decode("latin-1"))[1] for one in types]
    return all(one.get(b"charset", b"utf-8").lower() in _CHARSETS for one in read)


def _limited(scope: Scope, receive: Receive) -> Receive:
    most = LARGEST if scope["path"].endswith("/attempts") else _FORM_BYTES
    deadline = time.monotonic() + SECONDS
    size = 0
    whole = scope["method"] in ("GET", "HEAD")

    async def limited() -> Message:
        nonlocal size, whole
        if whole:
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), deadline - time.monotonic())
        except TimeoutError:
            raise Refused(408, _TOO_SLOW) from None
        size += len(message.get("body", b""))
        whole = not message.get("more_body", False)
        if size > most:
            raise Refused(413, _TOO_LARGE)
        return message

    return limited


async def _answer(refused: Refused, send: Send) -> None:
    """Say why, and leave the connection open: what closes with bytes unread loses its answer."""
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": refused.status, "headers": headers})
    await send({"type": "http.response.body", "body": refused.text.encode()})

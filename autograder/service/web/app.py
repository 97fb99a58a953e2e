"""The web application: routes, what every response carries, and what is logged."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import OperationalError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from autograder.service.service import Service
from autograder.service.web import (
    api,
    decisions,
    instructors,
    operations,
    signing_in,
    students,
    written,
)
from autograder.service.web.access import MISSING, SignedOut, authorise, signed_out
from autograder.service.web.board import Board
from autograder.service.web.limits import BodyLimits
from autograder.service.web.open_requests import OpenLimits, count_for_person
from autograder.service.web.operations import Metrics
from autograder.service.web.rush import NewsWaits, Rush
from autograder.service.web.signing_in import failed_sign_ins
from autograder.service.web.uploads import bytes_per_person, uploads_per_person
from autograder.service.web.views import page

DRAIN_SECONDS = 20.0
_LOG = logging.getLogger("autograder.service")
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_HTTPS = {"Strict-Transport-Security": "max-age=31536000"}
_AWAY = (
    "The service cannot reach its database. Try again in a minute. "
    "Nothing is lost of what it said that it received."
)
_NO_FORM = "The service has not understood that. Open the page again, and send its form."
_SENTENCES = {404: "There is no such page.", 405: "This address takes other requests."}


def create_app(service: Service) -> FastAPI:
    """The application of one service; it starts and stops the service's work."""

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        app.state.board = Board(service)
        service.start()
        yield
        app.state.board.close()
        await run_in_threadpool(service.stop, DRAIN_SECONDS)

    app = FastAPI(
        redirect_slashes=False,  # it would repeat whatever Host a request names
        title=service.course.config.title,
        lifespan=life,
        dependencies=[Depends(authorise), Depends(count_for_person)],
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    app.state.service = service
    app.state.metrics = Metrics(service)
    app.state.uploads = uploads_per_person()
    app.state.uploaded_bytes = bytes_per_person()
    app.state.failed_sign_ins = failed_sign_ins()
    app.state.rush = Rush()
    for room in (api, students, operations, signing_in, instructors, decisions, written):
        app.include_router(room.router)
    app.add_exception_handler(SignedOut, lambda request, _: signed_out(request))
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _unlike_ours)
    app.add_exception_handler(OperationalError, _away)
    app.add_exception_handler(ClientDisconnect, lambda *_: Response(status_code=400))
    app.add_middleware(BodyLimits)
    app.add_middleware(NewsWaits, rush=app.state.rush)
    app.add_middleware(OpenLimits)
    app.add_middleware(Envelope, secure=service.options.secure)
    return app


def _refused(request: Request, error: Exception) -> Response:
    """A sentence instead of a page: as JSON or text for programs, as a page for people."""
    assert isinstance(error, HTTPException)
    known = (
        _SENTENCES.get(error.status_code)
        if error.detail in ("Not Found", "Method Not Allowed")
        else None
    )
    text = known or error.detail
    wants_page = "text/html" in request.headers.get("accept", "")
    if request.url.path.startswith("/api/") or not wants_page:
        return PlainTextResponse(f"{text}\n", error.status_code, error.headers)
    title = "Not found" if error.status_code == 404 else "This did not work"
    sent = error.sent if isinstance(error, decisions.NotAccepted) else None
    return page(request, "message.html.j2", error.status_code, title=title, text=text, sent=sent)


def _unlike_ours(request: Request, error: Exception) -> Response:
    """An address or a form that no page of the service has sent."""
    assert isinstance(error, RequestValidationError)
    if any(fault["loc"][:1] == ("path",) for fault in error.errors()):
        return _refused(request, HTTPException(404, MISSING))
    return _refused(request, HTTPException(400, _NO_FORM))


def _away(request: Request, error: Exception) -> Response:
    """A database that does not answer is back soon, and no fault of who asks."""
    _LOG.error("the database cannot be reached", exc_info=error)
    return _refused(request, HTTPException(503, _AWAY, {"Retry-After": "10"}))


class Envelope:
    """ASGI middleware: headers on every response, and one line of log without anybody's code."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        self._app = app
        headers = {**_HEADERS, **(_HTTPS if secure else {})}
        self._headers = [(k.lower().encode(), v.encode()) for k, v in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.monotonic(), 500

        async def dressed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = {name for name, _ in message.get("headers", [])}
                more = [pair for pair in self._headers if pair[0] not in own]
                message = {**message, "headers": [*message.get("headers", []), *more]}
            await send(message)

        try:
            await self._app(scope, receive, dressed)
        finally:
            _log(scope, status, time.monotonic() - started)


def _log(scope: Scope, status: int, seconds: float) -> None:
    """The route and never the address: links and file names stay out of logs."""
    route = getattr(scope.get("route"), "name", "none")
    visitor = scope.get("state", {}).get("visitor")
    who = visitor.person.student if visitor else None
    facts = {"route": route, "method": scope["method"], "status": status}
    _LOG.info("request", extra={"facts": {**facts, "seconds": round(seconds, 4), "who": who}})


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """What was said, when, and the facts that came with it."""
        facts = getattr(record, "facts", {})
        at = self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z")
        line = {"at": at, "level": record.levelname, "message": record.getMessage(), **facts}
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)

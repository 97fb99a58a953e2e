"""What students see: their assignments, a place to submit, their attempts and the feedback."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.responses import (
    FileResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)

from autograder.gradebook.gradebook import Cell
from autograder.report.feedback import Feedback, feedback_values
from autograder.service.book import is_confirmed
from autograder.service.identity import Purpose
from autograder.service.people import Role
from autograder.service.reading import Reading
from autograder.service.service import Service
from autograder.service.storage.attempts import Attempt
from autograder.service.storage.files import harmless
from autograder.service.storage.tables import Outcome
from autograder.service.web.access import MISSING, Visitor, may_see, visitor_of
from autograder.service.web.board import Board
from autograder.service.web.progress import progress
from autograder.service.web.uploads import admit, charge_form, previous_graded, receive
from autograder.service.web.views import page

PIECE = 1 << 16
router = APIRouter(include_in_schema=False)


@router.get("/")
def home(request: Request) -> Response:
    """The assignments: a student's own, or those of the class."""
    service, visitor = _of(request)
    if visitor.role is Role.NOBODY:
        return page(request, "message.html.j2", 403, title="Nothing to see yet", text=_NO_ROLE)
    names = service.names
    if visitor.is_staff:
        titles = {name: service.assignment(name).title for name in names}
        known = (service.people.fault, service.ledger.fault, *service.proven.values())
        faults = [text for text in known if text]
        return page(request, "home_staff.html.j2", titles=titles, faults=faults)
    shown = [name for name in names if service.has_opened(name)]
    return page(request, "home_student.html.j2", rows=[_row(service, visitor, n) for n in shown])


@router.get("/assignments/{name}")
def assignment_page(request: Request, name: str) -> Response:
    """One assignment: submit, and what came of it so far."""
    service, visitor = _of(request)
    if name not in service.names or not service.has_opened(name):
        raise HTTPException(404, MISSING)
    reading = Reading.of(service, visitor.person, name)
    return page(
        request,
        "assignment.html.j2",
        assignment=service.assignment(name),
        cell=reading.cell,
        tokens=reading.said,
        attempts=[(one, reading.hides(one)) for one in reading.attempts],
        hidden=reading.hides_all,
        url=service.options.url,
    )


@router.post("/assignments/{name}/attempts")
async def submit(request: Request, name: str) -> Response:
    """The way without JavaScript: a form, then the page of the attempt."""
    _, visitor = _of(request)
    admit(request, visitor, name)
    charge_form(request, visitor)
    form = await _form(request)
    try:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise HTTPException(400, _NO_FILE)
        called = file.filename or ""
        id = await receive(request, visitor, name, called, "browser", _pieces(file))
    finally:
        await form.close()
    return RedirectResponse(f"/attempts/{id}", 303)


@router.post("/notebook-key")
def notebook_key(request: Request) -> Response:
    """The key with which a student's own notebook submits for them."""
    service, visitor = _of(request)
    key = service.identity.token(visitor.person, Purpose.NOTEBOOK)
    return page(request, "notebook_key.html.j2", key=key)


@router.get("/attempts/{id}")
async def attempt_page(request: Request, id: int) -> Response:
    """The feedback on one attempt, or its place in the queue."""
    values = await attempt_values(request, id)
    return page(request, "attempt.html.j2", refresh=values["waits"], **values)


@router.get("/attempts/{id}/part")
async def attempt_part(request: Request, id: int) -> Response:
    """The same without the page around it, for the page that is open already."""
    return page(request, "attempt_part.html.j2", **await attempt_values(request, id))


@router.get("/attempts/{id}/events")
async def attempt_events(request: Request, id: int) -> Response:
    """Server-sent events: the place in the queue as it changes, then that the result is there."""
    service, visitor = _of(request)
    if service.attempts.known_owner(id) != visitor.person.student:
        await run_in_threadpool(seen_attempt, request, id)
    board: Board = request.app.state.board

    async def events() -> AsyncIterator[str]:
        async for place in board.watch(id):
            yield _event("place", place.words)
        yield _event("done", "")

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(events(), media_type="text/event-stream", headers=headers)


@router.get("/attempts/{id}/file")
def attempt_file(request: Request, id: int) -> Response:
    """The very file that was submitted, never shown as a page."""
    service, _ = _of(request)
    attempt = seen_attempt(request, id)
    path = service.files.path(attempt.sha256)
    name = harmless(attempt.file)
    return FileResponse(path, media_type="application/octet-stream", filename=name)


def seen_attempt(request: Request, id: int) -> Attempt:
    """An attempt that the visitor may see; any other does not exist."""
    service, visitor = _of(request)
    attempt = service.attempts.find(id) if 0 < id < 2**31 else None
    if attempt is None or not may_see(service, visitor, attempt.student):
        raise HTTPException(404, MISSING)
    return attempt


async def attempt_values(request: Request, id: int) -> dict[str, Any]:
    """What the page of an attempt shows."""
    attempt = await run_in_threadpool(seen_attempt, request, id)
    board: Board = request.app.state.board
    place = await board.place(id) if attempt.outcome is Outcome.WAITING else None
    return await run_in_threadpool(_values, request, attempt, place)


def _values(request: Request, attempt: Attempt, place: Any) -> dict[str, Any]:
    service, visitor = _of(request)
    shared = {
        "attempt": attempt,
        "title": service.assignment(attempt.assignment).title,
        "waits": attempt.outcome is Outcome.WAITING,
        "place": place,
        "phases": service.queue.phases(attempt.id) if visitor.is_staff else None,
        "changes": None,
        "hidden": False,
    }
    if attempt.report is None:
        return shared
    report = service.report(attempt.report)
    own = visitor.person.student == attempt.student
    reading = Reading.of(service, visitor.person, attempt.assignment) if own else None
    feedback = reading.feedback(attempt, report) if reading else Feedback()
    hidden = reading.hides(attempt) if reading else False
    shared["hidden"] = hidden
    shared["confirmed"] = is_confirmed(service, report)
    earlier = reading.before(attempt) if reading else previous_graded(service, attempt)
    if earlier and earlier.report and not hidden:
        shared["changes"] = progress(service.report(earlier.report), report)
        shared["earlier"] = earlier
    shown = reading.with_hints(attempt, report) if reading else report
    return {**shared, **feedback_values(shown, feedback)}


def _row(service: Service, visitor: Visitor, name: str) -> tuple[str, str, Cell, bool]:
    """One assignment of a student's: its title, its name, the points, and whether to hide them."""
    reading = Reading.of(service, visitor.person, name)
    return service.assignment(name).title, name, reading.cell, reading.hides_all


def _of(request: Request) -> tuple[Service, Visitor]:
    return request.app.state.service, visitor_of(request)


async def _form(request: Request) -> FormData:
    try:
        return await request.form(max_files=1, max_fields=1)
    except UnicodeError as error:  # of a character set that the form names
        raise HTTPException(400, _NO_FILE) from error


async def _pieces(file: UploadFile) -> AsyncIterator[bytes]:
    while piece := await file.read(PIECE):
        yield piece


def _event(name: str, text: str) -> str:
    return f"event: {name}\ndata: {json.dumps(text)}\n\n"


_NO_FILE = "No file was chosen. Go back and choose your notebook."
_NO_ROLE = (
    "The roster of this course knows you, but neither as a student nor as a teacher. Ask your "
    "instructor to correct your role."
)

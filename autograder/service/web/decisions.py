"""Pages on which people decide: adjustments, requests and their answers, and the gradebook."""

from __future__ import annotations

import functools
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, HTTPException, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from autograder.errors import UsageError
from autograder.gradebook.adjustments import Kind
from autograder.gradebook.anonymous import anonymise
from autograder.gradebook.gradebook import Gradebook
from autograder.gradebook.page import gradebook_page
from autograder.gradebook.sheet import sheet
from autograder.service.book import whole_book
from autograder.service.deciding import OF_STAFF, ask_again, decide, extend_section
from autograder.service.service import Service
from autograder.service.web.access import MISSING, may_see, seen_people, visitor_of

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Form()]


class NotAccepted(HTTPException):
    """A form that was refused, with what somebody wrote in it: nobody writes it twice."""

    def __init__(self, error: UsageError, **sent: str) -> None:
        super().__init__(400, str(error))
        self.sent = sent


@router.post("/class/{name}/students/{student:path}/adjustments")
def adjust(
    request: Request, name: str, student: str,
    kind: Text = "", value: Text = "", why: Text = "", exercise: Text = "",
) -> Response:  # fmt: skip
    """Decide something about one student: it is added, and nothing is ever changed."""
    service: Service = request.app.state.service
    visitor = visitor_of(request)
    person = service.people.find(student)
    if name not in service.names or person is None or not may_see(service, visitor, student):
        raise HTTPException(404, MISSING)
    if kind not in OF_STAFF:
        raise HTTPException(400, "Say what is decided.")
    try:
        about = (visitor.person, person, name, Kind(kind))
        decide(service, *about, value, why, exercise or None)
    except UsageError as error:
        raise NotAccepted(error, kind=kind, exercise=exercise, value=value, why=why) from error
    return RedirectResponse(f"/class/{name}/students/{quote(student)}", 303)


@router.post("/class/{name}/extensions")
def adjust_section(
    request: Request, name: str, section: Text = "", value: Text = "", why: Text = ""
) -> Response:
    """Give a section more time."""
    service: Service = request.app.state.service
    if name not in service.names:
        raise HTTPException(404, MISSING)
    try:
        extend_section(service, visitor_of(request).person, section, name, value, why)
    except UsageError as error:
        raise NotAccepted(error, section=section, value=value, why=why) from error
    return RedirectResponse(f"/class/{name}", 303)


@router.post("/assignments/{name}/requests")
def ask_regrade_of_mine(
    request: Request, name: str, value: Text = "", exercise: Text = ""
) -> Response:
    """A student asks somebody to look at their work again."""
    service: Service = request.app.state.service
    if name not in service.names or not service.has_opened(name):
        raise HTTPException(404, MISSING)
    try:
        ask_again(service, visitor_of(request).person, name, value, exercise or None)
    except UsageError as error:
        raise NotAccepted(error, exercise=exercise, value=value) from error
    return RedirectResponse(f"/assignments/{name}", 303)


@router.get("/gradebook")
def gradebook(request: Request, names: str = "shown") -> Response:
    """Everybody and every assignment in one table that sorts and explains."""
    service: Service = request.app.state.service
    book = _book(request)
    hidden = names == "hidden"
    text = gradebook_page(
        anonymise(book) if hidden else book,
        service.course.config.title,
        anonymous=hidden,
        served=True,
    )
    policy = "frame-ancestors 'none'"  # and what the page itself says
    return HTMLResponse(text, headers={"Content-Security-Policy": policy})


@router.get("/gradebook.csv")
def gradebook_sheet(request: Request) -> Response:
    """The same as a spreadsheet."""
    headers = {"Content-Disposition": 'attachment; filename="gradebook.csv"'}
    content = sheet(_book(request))
    return Response(content, media_type="application/octet-stream", headers=headers)


def _book(request: Request) -> Gradebook:
    """Whomever somebody may see; instructors also see who has left the roster."""
    service: Service = request.app.state.service
    visitor = visitor_of(request)
    sees = functools.partial(may_see, service, visitor)
    return whole_book(service, seen_people(service, visitor), sees)

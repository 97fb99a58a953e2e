"""Sign-in by a personal link. The link shows whose it is; only its button signs in."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from autograder.model import Person
from autograder.service.identity import DAY, Purpose
from autograder.service.service import Service
from autograder.service.web.access import address, cookie_name
from autograder.service.web.limits import Rate
from autograder.service.web.views import page

SESSION_DAYS = 14
router = APIRouter(include_in_schema=False)


def failed_sign_ins() -> Rate:
    """Of one address: twenty at once, and one more every six seconds."""
    return Rate(20, 1 / 6)


@router.get("/sign-in")
def sign_in_page(request: Request, key: str = "") -> Response:
    """Ask whether to sign in as the person of the link: a scanner of mails presses no button."""
    person = _person(request, key)
    if isinstance(person, Response):
        return person
    return page(request, "sign_in.html.j2", person=person, key=key, wrong=bool(key) and not person)


@router.post("/sign-in")
def sign_in(request: Request, key: Annotated[str, Form()] = "") -> Response:
    """Start a session."""
    service: Service = request.app.state.service
    person = _person(request, key)
    if isinstance(person, Response):
        return person
    if person is None:
        return page(request, "sign_in.html.j2", 403, person=None, key="", wrong=True)
    response = RedirectResponse("/", 303)
    response.set_cookie(
        cookie_name(service),
        service.identity.token(person, Purpose.SESSION),
        max_age=SESSION_DAYS * DAY,
        secure=service.options.secure,
        httponly=True,
        samesite="lax",
    )
    return response


@router.post("/sign-out")
def sign_out(request: Request) -> Response:
    """End the session in this browser."""
    service: Service = request.app.state.service
    response = RedirectResponse("/sign-in", 303)
    secure = service.options.secure
    response.delete_cookie(cookie_name(service), secure=secure, httponly=True, samesite="lax")
    return response


def _person(request: Request, key: str) -> Person | Response | None:
    """Whose link it is; who guesses has few tries. A right link always works."""
    service: Service = request.app.state.service
    person = service.identity.person(key, Purpose.LINK) if key else None
    if person is None and key:
        failed: Rate = request.app.state.failed_sign_ins
        if failed.take(address(request)):
            text = "Too many wrong links were tried from here. Wait a minute.\n"
            return Response(text, 429, media_type="text/plain")
    return person

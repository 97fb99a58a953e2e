"""Who may do what, decided in this one place; a route that is not listed here is closed.

Whoever may not see something gets the same answer as if it did not exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from urllib.parse import urlsplit

from fastapi import HTTPException, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from autograder.model import Person
from autograder.service.identity import Purpose
from autograder.service.people import Role, role_of
from autograder.service.service import Service
from autograder.submissions.roster import Roster

COOKIE = "session"
SAFE = ("GET", "HEAD", "OPTIONS")
MISSING = "There is no such page."


class Need(Enum):
    """What somebody must be for a route."""

    NOTHING = auto()
    PERSON = auto()  # anybody who has signed in
    STUDENT = auto()  # for themselves
    STAFF = auto()  # instructors and TAs, for the people whom they may see
    INSTRUCTOR = auto()
    MACHINE = auto()  # a program on this machine, not through a proxy


RULES = {
    "sign_in_page": Need.NOTHING,
    "sign_in": Need.NOTHING,
    "sign_out": Need.PERSON,
    "home": Need.PERSON,
    "assignment_page": Need.STUDENT,
    "submit": Need.STUDENT,
    "notebook_key": Need.STUDENT,
    "attempt_page": Need.PERSON,
    "attempt_events": Need.PERSON,
    "attempt_part": Need.PERSON,
    "attempt_file": Need.PERSON,
    "class_page": Need.STAFF,
    "class_part": Need.STAFF,
    "class_report": Need.STAFF,
    "class_report_file": Need.STAFF,
    "class_report_student": Need.STAFF,
    "student_page": Need.STAFF,
    "adjust": Need.STAFF,
    "adjust_section": Need.INSTRUCTOR,
    "ask_regrade_of_mine": Need.STUDENT,
    "gradebook": Need.STAFF,
    "gradebook_sheet": Need.STAFF,
    "written_question": Need.STAFF,
    "written_answer": Need.STAFF,
    "grade_written": Need.STAFF,
    "export": Need.INSTRUCTOR,
    "ask_regrade": Need.INSTRUCTOR,
    "confirm": Need.INSTRUCTOR,
    "regrade_page": Need.INSTRUCTOR,
    "decide_regrade": Need.INSTRUCTOR,
    "api_me": Need.PERSON,
    "api_submit": Need.STUDENT,
    "api_attempt": Need.PERSON,
    "hand_in_module": Need.NOTHING,
    "style": Need.NOTHING,
    "script": Need.NOTHING,
    "icon": Need.NOTHING,
    "plotly": Need.STAFF,
    "healthz": Need.NOTHING,
    "readyz": Need.NOTHING,
    "metrics": Need.MACHINE,
}
_BY_PROXIES = ("x-forwarded-for", "x-forwarded-host", "x-real-ip", "forwarded", "via")
BY_KEY = ("api_me", "api_submit", "api_attempt")  # what a notebook's key opens


class SignedOut(Exception):
    """Nobody has signed in, where somebody must."""


@dataclass(frozen=True)
class Visitor:
    """Who asks."""

    person: Person
    role: Role

    @property
    def is_staff(self) -> bool:
        """Whether they teach."""
        return self.role in (Role.TA, Role.INSTRUCTOR)


def allowed(need: Need, role: Role | None) -> bool:
    """Whether a role, or nobody in particular, meets a need."""
    return {
        Need.NOTHING: True,
        Need.PERSON: role is not None,
        Need.STUDENT: role is Role.STUDENT,
        Need.STAFF: role in (Role.TA, Role.INSTRUCTOR),
        Need.INSTRUCTOR: role is Role.INSTRUCTOR,
        Need.MACHINE: False,
    }[need]


async def authorise(request: Request) -> None:
    """Before every route: find out who asks, and refuse what they may not do."""
    service: Service = request.app.state.service
    name = request.scope["route"].name
    need = RULES.get(name)
    by_key = name in BY_KEY
    if service.people.outdated:  # nobody else waits while the roster or the database is read
        visitor = await run_in_threadpool(_visitor, request, service, by_key=by_key)
    else:
        visitor = _visitor(request, service, by_key=by_key)
    request.state.visitor = visitor
    if need is Need.MACHINE and _is_local(request):
        return
    if need is None or not allowed(need, visitor.role if visitor else None):
        if visitor is None and need is not None and need is not Need.MACHINE:
            raise SignedOut
        raise HTTPException(404, MISSING)


def visitor_of(request: Request) -> Visitor:
    """Who asks; the route's rule has made sure that somebody does."""
    visitor: Visitor = request.state.visitor
    return visitor


def may_see(service: Service, visitor: Visitor, student: str) -> bool:
    """Whether somebody may see what a student has submitted."""
    if visitor.role is Role.INSTRUCTOR or visitor.person.student == student:
        return True
    if visitor.role is not Role.TA:
        return False
    if not service.course.config.tas_see_their_sections_only:
        return True
    person = service.people.find(student)
    return bool(person and {*person.sections} & {*visitor.person.sections})


def seen_people(service: Service, visitor: Visitor) -> Roster:
    """The people of the roster whom somebody may see."""
    people = service.people.roster.people
    return Roster(tuple(one for one in people if may_see(service, visitor, one.student)))


def signed_out(request: Request) -> Response:
    """Where somebody who must sign in is sent."""
    if request.url.path.startswith("/api/"):
        return Response("Sign in first.\n", 401, media_type="text/plain")
    return RedirectResponse("/sign-in", 303)


def _visitor(request: Request, service: Service, *, by_key: bool) -> Visitor | None:
    header = service.options.user_header
    by_proxy = _is_proxy(request, service) and header and header in request.headers
    person = (_by_header if by_proxy else _by_cookie)(request, service)
    if person is None and by_key:
        person = _by_key(request, service)
    elif request.method not in SAFE:
        _refuse_other_sites(request, service)
    return Visitor(person, role_of(person)) if person else None


def _by_cookie(request: Request, service: Service) -> Person | None:
    token = request.cookies.get(cookie_name(service), "")
    return service.identity.person(token, Purpose.SESSION) if token else None


def _by_key(request: Request, service: Service) -> Person | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    return service.identity.person(token.strip(), Purpose.NOTEBOOK)


def _by_header(request: Request, service: Service) -> Person | None:
    """A reverse proxy that signs people in is believed where both it and its header are named.

    Then it alone says who asks: an older session may be that of whoever sat here before.
    """
    values = request.headers.getlist(service.options.user_header or "")
    return service.people.find(values[0]) if len(values) == 1 and values[0] else None


def _is_proxy(request: Request, service: Service) -> bool:
    peer = request.client.host if request.client else ""
    return bool(service.options.proxy) and peer == service.options.proxy


def _refuse_other_sites(request: Request, service: Service) -> None:
    """A form of another site may not act for whoever is signed in here, nor sign anybody in (CSRF).

    Who is signed in as somebody else without knowing it would submit into that account.
    """
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site")  # which no page can set
    ours = urlsplit(service.options.url)
    home = f"{ours.scheme}://{ours.netloc}"
    same = origin == home or (site == "same-origin" and origin in (None, "null"))
    if not same or site not in (None, "same-origin"):
        raise HTTPException(403, "This request came from another site. Open the page again.")


def _is_local(request: Request) -> bool:
    peer = request.client.host if request.client else ""
    proxied = any(name in request.headers for name in _BY_PROXIES)
    return peer in ("127.0.0.1", "::1") and not proxied


def address(request: Request) -> str:
    """Whose rate is limited: the peer, or the client that the named proxy tells of."""
    service: Service = request.app.state.service
    peer = request.client.host if request.client else ""
    lines = request.headers.getlist("x-forwarded-for")  # the proxy's own is the last
    told = lines[-1].rpartition(",")[2].strip() if lines else ""
    return told if told and _is_proxy(request, service) else peer


def cookie_name(service: Service) -> str:
    """By https, a name that no other site under our domain can set."""
    return f"__Host-{COOKIE}" if service.options.secure else COOKIE

"""Templates to pages, in the feedback page's design; no page loads anything foreign."""

from __future__ import annotations

import datetime
import functools
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse

from autograder.report.render import environment, part
from autograder.service.service import Service

_HERE = Path(__file__).parent
TEMPLATES = _HERE / "templates"
STATIC = _HERE / "static"


def page(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Fill a template of this room."""
    service: Service = request.app.state.service
    shared = {
        "course": service.course.config.title,
        "visitor": getattr(request.state, "visitor", None),
        "moment": functools.partial(moment, zone=service.course.config.zone),
        "refresh": False,
    }
    text = environment(TEMPLATES).get_template(template).render(**{**shared, **values})
    return HTMLResponse(text, status)


def style() -> str:
    """The style sheet of all pages."""
    own = (STATIC / "service.css").read_text(encoding="utf-8")
    return f"{part('common.css')}{part('feedback.css')}{own}"


def script() -> str:
    """The script of all pages: they work without it."""
    return (STATIC / "service.js").read_text(encoding="utf-8")


def icon() -> str:
    """The small picture of all pages."""
    return (STATIC / "icon.svg").read_text(encoding="utf-8")


def moment(at: datetime.datetime | None, zone: datetime.tzinfo | None) -> str:
    """A moment as people of any country read it, in the course's zone if it names one."""
    told = at.astimezone(zone) if at and at.tzinfo and zone else at
    return f"{told:%Y-%m-%d at %H:%M %Z}".strip() if told else ""

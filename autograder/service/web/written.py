"""Pages on which people grade written answers: one question, across all students."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from starlette.responses import RedirectResponse, Response

from autograder.errors import UsageError
from autograder.model import Written
from autograder.service.service import Service
from autograder.service.web.access import MISSING, Visitor, seen_people, visitor_of
from autograder.service.web.views import page
from autograder.service.written import WrittenAnswer, answers, grade, question

router = APIRouter(include_in_schema=False)


@router.get("/class/{name}/written/{exercise}")
def written_question(request: Request, name: str, exercise: str, names: str = "shown") -> Response:
    """All answers to one question, and which of them are graded."""
    asked, found = _of(request, name, exercise)
    todo = next((one.key for one in found if one.given is None), None)
    return page(
        request, "written_question.html.j2",
        name=name, asked=asked, answers=found, todo=todo, hidden=names == "hidden",
    )  # fmt: skip


@router.get("/class/{name}/written/{exercise}/{key}")
def written_answer(
    request: Request, name: str, exercise: str, key: str, names: str = "shown"
) -> Response:
    """One answer and the items of the rubric."""
    asked, found = _of(request, name, exercise)
    place = _place(found, key)
    return page(
        request, "written_answer.html.j2",
        name=name, asked=asked, answer=found[place], place=place + 1, total=len(found),
        before=found[place - 1].key if place else None,
        after=found[place + 1].key if place + 1 < len(found) else None,
        hidden=names == "hidden",
    )  # fmt: skip


@router.post("/class/{name}/written/{exercise}/{key}")
def grade_written(
    request: Request, name: str, exercise: str, key: str, names: str = "shown",
    item: Annotated[list[str], Form()] = [],  # noqa: B006 (FastAPI copies it)
    points: Annotated[str, Form()] = "", comment: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Give points for one answer; then comes the next one that nobody has graded."""
    service: Service = request.app.state.service
    asked, found = _of(request, name, exercise)
    place = _place(found, key)
    who = visitor_of(request).person
    try:
        grade(service, who, name, asked, found[place].person.student, item, points, comment)
    except UsageError as error:
        raise HTTPException(400, str(error)) from error
    others = [*found[place + 1 :], *found[:place]]
    todo = next((f"/{one.key}" for one in others if one.given is None), "")
    query = "?names=hidden" if names == "hidden" else ""
    return RedirectResponse(f"/class/{name}/written/{exercise}{todo}{query}", 303)


def _of(request: Request, name: str, exercise: str) -> tuple[Written, list[WrittenAnswer]]:
    service: Service = request.app.state.service
    visitor: Visitor = visitor_of(request)
    asked = question(service, name, exercise) if name in service.names else None
    if asked is None:
        raise HTTPException(404, MISSING)
    return asked, answers(service, seen_people(service, visitor), name, exercise)


def _place(found: list[WrittenAnswer], key: str) -> int:
    place = next((place for place, one in enumerate(found) if one.key == key), None)
    if place is None:
        raise HTTPException(404, MISSING)
    return place

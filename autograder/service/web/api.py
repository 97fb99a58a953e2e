"""The JSON routes: for the pages' script, and for hand_in() in a notebook."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel
from starlette.responses import JSONResponse

from autograder.model import Status
from autograder.report.labels import exercise_words
from autograder.report.sanitize import one_line
from autograder.service.service import Service
from autograder.service.storage.tables import Outcome
from autograder.service.web.access import visitor_of
from autograder.service.web.students import attempt_values
from autograder.service.web.uploads import admit, charged, receive

router = APIRouter(prefix="/api")


class Me(BaseModel):
    """Who has signed in, and the assignments of the course."""

    student: str
    role: str
    assignments: list[str]


class Received(BaseModel):
    """An attempt that is on the disk."""

    id: int
    page: str  # the address of its feedback


class ExerciseResult(BaseModel):
    """What became of one exercise."""

    id: str
    title: str
    passed: bool
    words: str
    score: float
    points: float
    remark: str


class AttemptResult(BaseModel):
    """What became of an attempt so far."""

    id: int
    number: int
    state: Outcome
    waiting: str  # one sentence while it waits
    later: str  # one sentence while what the checks say is not shown
    score: float | None
    max_score: float | None
    exercises: list[ExerciseResult]


@router.get("/me", responses={401: {"description": "nobody has signed in"}})
def api_me(request: Request) -> Me:
    """Say who is signed in, and what has been opened for them."""
    service: Service = request.app.state.service
    visitor = visitor_of(request)
    names = [name for name in service.names if visitor.is_staff or service.has_opened(name)]
    return Me(student=visitor.person.student, role=visitor.role, assignments=names)


@router.post(
    "/assignments/{name}/attempts",
    status_code=201,
    response_model=Received,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "minLength": 1}}},
        }
    },
    responses={
        status: {"description": text}
        for status, text in {
            400: "the file is empty",
            401: "nobody has signed in",
            403: "from another site, or not open yet",
            404: "no such assignment",
            408: "too slow",
            413: "too large",
            429: "too often",
            503: "the service restarts, or its database is away",
            507: "the disk of the service is nearly full",
        }.items()
    },
)
async def api_submit(
    request: Request, name: str,
    file: Annotated[str, Query(description="What the student calls the file.")] = "",
    way: Annotated[str, Query(pattern="^(browser|notebook)$")] = "notebook",
) -> Response:  # fmt: skip
    """Submit a notebook: the body is the file itself."""
    visitor = visitor_of(request)
    admit(request, visitor, name)
    pieces = charged(request, visitor, request.stream())
    id = await receive(request, visitor, name, file, way, pieces)
    where = f"/attempts/{id}"
    return JSONResponse({"id": id, "page": where}, 201, {"Location": where})


@router.get(
    "/attempts/{id}",
    responses={401: {"description": "nobody has signed in"}, 404: {"description": "none of yours"}},
)
async def api_attempt(request: Request, id: int) -> AttemptResult:
    """Say what became of an attempt."""
    values = await attempt_values(request, id)
    attempt, place = values["attempt"], values["place"]
    shown = values.get("exercises", [])
    return AttemptResult(
        id=attempt.id,
        number=attempt.number,
        state=attempt.outcome,
        waiting=place.words if place else "",
        later=_later(values) if values["hidden"] else "",
        score=None if values["hidden"] else attempt.score,
        max_score=attempt.max_score,
        exercises=[
            ExerciseResult(
                id=one.report.id,
                title=one_line(one.report.title),
                passed=one.report.status is Status.PASSED,
                words=exercise_words(one.report),
                score=one.report.score,
                points=one.report.points,
                remark=next(iter(one.remarks), ""),
            )
            for one in shown
        ],
    )


def _later(values: dict[str, Any]) -> str:
    """When the student may read what the checks say, or why not."""
    if values["later_said"]:
        return str(values["later_said"])
    if values["until"]:
        return f"What the checks say is shown from {values['until']} on."
    return "What the checks say is not shown for this assignment."

"""A student's file on its way in: written as it comes, acknowledged when it is on the disk."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import HTTPException, Request
from starlette.concurrency import run_in_threadpool

from autograder.report.sanitize import one_line
from autograder.service.service import Service
from autograder.service.storage.attempts import Arrival, Attempt, now
from autograder.service.web.access import Visitor
from autograder.service.web.limits import LARGEST, Rate
from autograder.service.web.rush import Rush

LONGEST_NAME = 200
_MUCH = "You have uploaded much in a short time. Clear the outputs, and try again in ten minutes."
_FULL = "The disk of the service is nearly full. Tell your instructor, and keep your notebook."


def uploads_per_person() -> Rate:
    """Twenty at once, and one more every three seconds."""
    return Rate(20, 1 / 3)


def bytes_per_person() -> Rate:
    """Half a gigabyte at once, and 100 MB more every ten minutes: a disk is everybody's."""
    return Rate(500 << 20, (100 << 20) / 600)


async def receive(
    request: Request, visitor: Visitor, assignment: str, name: str, way: str,
    pieces: AsyncIterator[bytes],
) -> int:  # fmt: skip
    """Make an attempt of what comes; return its id when file and row are on the disk.

    Who calls this has admitted it, and charges its bytes, before any of them is kept.

    Raises:
        HTTPException: the file is empty.
    """
    service: Service = request.app.state.service
    with service.files.coming() as arriving:
        async for piece in pieces:
            arriving.write(piece)
        if not arriving.size:
            raise HTTPException(400, "The file is empty. Save your notebook and choose it again.")
        digest = await run_in_threadpool(arriving.keep)
    called = one_line(name, LONGEST_NAME) or f"{assignment}.ipynb"
    student = visitor.person.student
    return await service.intake.receive(Arrival(student, assignment, called, digest, way, now()))


def admit(request: Request, visitor: Visitor, assignment: str) -> None:
    """Count one upload of a person.

    Raises:
        HTTPException: it cannot be accepted, with a sentence for the student.
    """
    service: Service = request.app.state.service
    if assignment not in service.names:
        raise HTTPException(404, "There is no such assignment.")
    opens = service.course.config.policy(assignment).opens
    if opens and now() < opens:
        raise HTTPException(403, f"This assignment opens on {opens:%Y-%m-%d at %H:%M %Z}.")
    if service.draining.is_set():
        raise HTTPException(503, "The service restarts. Try again in a minute.")
    uploads: Rate = request.app.state.uploads
    if wait := uploads.take(visitor.person.student):
        text = f"Many attempts in a short time. Try again in {wait:.0f} seconds."
        raise HTTPException(429, text, {"Retry-After": f"{wait:.0f}"})
    if not service.files.has_room:
        raise HTTPException(507, _FULL)
    rush: Rush = request.app.state.rush
    rush.note()


async def charged(
    request: Request, visitor: Visitor, pieces: AsyncIterator[bytes]
) -> AsyncIterator[bytes]:
    """The pieces of a body, each charged to a person as it comes."""
    async for piece in pieces:
        charge(request, visitor, len(piece))
        yield piece


def charge_form(request: Request, visitor: Visitor) -> None:
    """Charge a whole form before it is read: until its end it lies in a file that nobody counts."""
    said = request.headers.get("content-length", "")
    charge(request, visitor, int(said) if said.isdecimal() else LARGEST)


def charge(request: Request, visitor: Visitor, size: int) -> None:
    """Count bytes of a person.

    Raises:
        HTTPException: they are too many for so short a time.
    """
    uploaded: Rate = request.app.state.uploaded_bytes
    if uploaded.take(visitor.person.student, size):
        raise HTTPException(429, _MUCH, {"Retry-After": "600"})


def previous_graded(service: Service, attempt: Attempt) -> Attempt | None:
    """The attempt before this one that has a report."""
    others = service.attempts.of_student(attempt.student, attempt.assignment)
    return next((one for one in others if one.number < attempt.number and one.report), None)

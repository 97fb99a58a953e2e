"""What instructors and TAs see: the class as it submits, one student, re-grades, exports."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from autograder.errors import AutograderError, UsageError
from autograder.gradebook.adjustments import Adjustment
from autograder.gradebook.decisions import Book
from autograder.gradebook.seeds import CONFIRMING
from autograder.integrations.export import export as write_export
from autograder.integrations.options import FOR_STAFF, Target
from autograder.model import Person, Report
from autograder.report.class_page import class_page as report_page
from autograder.report.feedback import feedback_page, page_name
from autograder.report.plotly_js import plotly_js
from autograder.running.regrade import other_scores
from autograder.service.book import (
    cell_of,
    counted_reports,
    gradebook_of,
    rules_of,
    to_confirm,
)
from autograder.service.people import Role
from autograder.service.service import Service
from autograder.service.storage.attempts import Attempt
from autograder.service.storage.regrades import APPLIED, DROPPED
from autograder.service.web.access import MISSING, Visitor, may_see, seen_people, visitor_of
from autograder.service.web.views import page
from autograder.service.written import progress as written_progress
from autograder.submissions.roster import Roster
from autograder.targets.tree import zipped

EXPORTS = {
    Target.CSV: "grades.csv",
    Target.CANVAS: "canvas.csv",
    Target.MOODLE: "moodle.csv",
    Target.GRADESCOPE: "gradescope.zip",
    Target.JUNIT: "junit.xml",
}
router = APIRouter(include_in_schema=False)


@router.get("/class/{name}")
def class_page(request: Request, name: str) -> Response:
    """Who has submitted and who has not, as it happens."""
    service, visitor = _of(request, name)
    seen = seen_people(service, visitor)
    more: dict[str, Any] = {"written": written_progress(service, seen, name)}
    if visitor.role is Role.INSTRUCTOR:
        more["to_confirm"] = len(to_confirm(service, name))
        students = service.people.roster.students
        more["sections"] = sorted({one for p in students for one in p.sections})
    return page(request, "class.html.j2", exports=EXPORTS, **_class_values(request, name), **more)


@router.get("/class/{name}/part")
def class_part(request: Request, name: str) -> Response:
    """The table of it alone, for the page that is open already."""
    return page(request, "class_part.html.j2", **_class_values(request, name))


@router.get("/class/{name}/report/")
def class_report(request: Request, name: str) -> Response:
    """The class page: pictures, frequent mistakes, flags."""
    service, visitor = _of(request, name)
    roster = seen_people(service, visitor)
    text = report_page(_reports(service, roster, name), (), roster)
    policy = "frame-ancestors 'none'"  # and what the page itself says
    return HTMLResponse(text, headers={"Content-Security-Policy": policy})


@router.get("/class/{name}/report/plotly.min.js")
def plotly(request: Request, name: str) -> Response:
    """The library that draws the pictures."""
    return FileResponse(plotly_js(), media_type="text/javascript")


@router.get("/class/{name}/report/grades.csv")
def class_report_file(request: Request, name: str) -> Response:
    """The spreadsheet that the class page links to."""
    service, visitor = _of(request, name)
    return _exported(service, seen_people(service, visitor), name, Target.CSV)


@router.get("/class/{name}/report/students/{file}")
def class_report_student(request: Request, name: str, file: str) -> Response:
    """A student's page, as the class page links to it."""
    service, visitor = _of(request, name)
    for report in _reports(service, seen_people(service, visitor), name):
        if page_name(report) == file:
            headers = {"Content-Security-Policy": "frame-ancestors 'none'"}
            return HTMLResponse(feedback_page(report), headers=headers)
    raise HTTPException(404, MISSING)


@router.get("/class/{name}/students/{student:path}")
def student_page(request: Request, name: str, student: str) -> Response:
    """One student's attempts, each with its phases."""
    service, visitor = _of(request, name)
    person = service.people.find(student)
    if person is None or not may_see(service, visitor, student):
        raise HTTPException(404, MISSING)
    attempts = service.attempts.of_student(student, name)
    try:
        cell = cell_of(service, person, name)
    except UsageError as error:
        raise HTTPException(404, str(error)) from error
    return page(
        request,
        "student.html.j2",
        person=person,
        title=service.assignment(name).title,
        name=name,
        cell=cell,
        column=next(one for one in service.columns if one.name == name),
        decided=_decided(service, person, name),
        rows=[(attempt, service.queue.phases(attempt.id)) for attempt in attempts],
    )


@router.get("/class/{name}/exports/{target}")
def export(request: Request, name: str, target: Target) -> Response:
    """The results in the form that another tool imports."""
    service, visitor = _of(request, name)
    if target not in EXPORTS:
        raise HTTPException(404, MISSING)
    return _exported(service, seen_people(service, visitor), name, target)


@router.post("/class/{name}/regrades")
def ask_regrade(request: Request, name: str) -> Response:
    """Grade everybody's attempts again, behind what students wait for."""
    service, visitor = _of(request, name)
    try:
        id = service.regrades.ask(name, visitor.person.student)
    except UsageError as error:
        raise HTTPException(400, str(error)) from error
    service.dispatcher.wake()
    return RedirectResponse(f"/regrades/{id}", 303)


@router.post("/class/{name}/confirmations")
def confirm(request: Request, name: str) -> Response:
    """Grade what counts again, on inputs of which no feedback has spoken."""
    service, visitor = _of(request, name)
    seed = service.seed(name, CONFIRMING)
    try:
        who = visitor.person.student
        id = service.regrades.confirm(name, who, to_confirm(service, name), seed)
    except UsageError as error:
        raise HTTPException(400, str(error)) from error
    service.dispatcher.wake()
    return RedirectResponse(f"/regrades/{id}", 303)


@router.get("/regrades/{id}")
def regrade_page(request: Request, id: int) -> Response:
    """What a re-grade would change, before anybody decides."""
    service: Service = request.app.state.service
    found = service.regrades.find(id) if 0 < id < 2**31 else None
    if found is None:
        raise HTTPException(404, MISSING)
    changes = [(one, other_scores(one)) for one in service.regrades.changes(id)]
    return page(
        request,
        "regrade.html.j2",
        regrade=found,
        title=service.assignment(found.assignment).title,
        changed=[one for one in changes if one[0].kind != "same"],
        same=sum(one.kind == "same" for one, _ in changes),
        refresh=found.decision is None and not found.ready,
    )


@router.post("/regrades/{id}/decision")
def decide_regrade(request: Request, id: int, decision: Annotated[str, Form()] = "") -> Response:
    """Publish a re-grade, or drop it."""
    service: Service = request.app.state.service
    found = service.regrades.find(id) if 0 < id < 2**31 else None
    if found is None or decision not in (APPLIED, DROPPED):
        raise HTTPException(404, MISSING)
    if decision == APPLIED and not found.ready:
        raise HTTPException(409, "It is not ready, or somebody has decided already.")
    try:
        service.regrades.decide(id, decision, visitor_of(request).person.student)
    except UsageError as error:
        raise HTTPException(409, str(error)) from error
    return RedirectResponse(f"/regrades/{id}", 303)


def _of(request: Request, name: str) -> tuple[Service, Visitor]:
    service: Service = request.app.state.service
    if name not in service.names:
        raise HTTPException(404, MISSING)
    return service, visitor_of(request)


def _decided(service: Service, person: Person, name: str) -> list[Adjustment]:
    """What people decided about one student's assignment, as it was decided."""
    decisions = Book(service.ledger.all()).about(person, name)
    return sorted((*decisions.of_section, *decisions.own), key=lambda one: one.at)


def _class_values(request: Request, name: str) -> dict[str, Any]:
    service, visitor = _of(request, name)
    roster = seen_people(service, visitor)
    attempts = _attempts(service, roster, name)
    book = gradebook_of(service, roster, attempts, [name])
    last = {attempt.student: attempt for attempt in attempts}
    students = {person.student for person in roster.students}
    cells = [pair for pair in book.cells_of(name) if pair[0].student in students | set(last)]
    return {
        "name": name,
        "title": service.assignment(name).title,
        "rows": [(person, cell, last.get(person.student)) for person, cell in cells],
        "came": len(last),
        "students": len(students),
        "waiting": sum(one.outcome == "waiting" for one in attempts),
        "not_graded": sum(one.outcome == "not graded" for one in last.values()),
        "regrades": service.regrades.of_assignment(name),
    }


def _attempts(service: Service, roster: Roster, name: str) -> list[Attempt]:
    known = {person.student for person in roster.people}
    return [one for one in service.attempts.of_assignment(name) if one.student in known]


def _reports(service: Service, roster: Roster, name: str) -> list[Report]:
    """The reports of whoever has submitted, with the points that count."""
    return [one for one in counted_reports(service, roster, name) if one.submitted]


def _exported(service: Service, roster: Roster, name: str, target: Target) -> Response:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, EXPORTS[target].removesuffix(".zip"))
        try:
            reports = counted_reports(service, roster, name)
            if target not in FOR_STAFF:
                reports = rules_of(service, roster.people).disclosed(reports)
            write_export(reports, target, service.course, path, roster=roster)
        except AutograderError as error:
            raise HTTPException(400, str(error)) from error
        content = _zipped(path) if path.is_dir() else path.read_bytes()
    headers = {"Content-Disposition": f'attachment; filename="{EXPORTS[target]}"'}
    return Response(content, media_type="application/octet-stream", headers=headers)


def _zipped(folder: Path) -> bytes:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return zipped({str(path.relative_to(folder)): path.read_bytes() for path in files})

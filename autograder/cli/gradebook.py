"""The commands of a term: what people decide, and the gradebook that comes of everything."""

from __future__ import annotations

import dataclasses
import datetime
import getpass
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from autograder.cli.console import note, out
from autograder.cli.home import find_course, find_course_if_any, find_roster
from autograder.cli.options import Anonymous, CourseOption, Json, Quiet
from autograder.errors import InfrastructureError, UsageError
from autograder.integrations.options import Channel
from autograder.report.sanitize import count, number, one_line

if TYPE_CHECKING:
    from autograder.course.layout import Course
    from autograder.gradebook.adjustments import Adjustment, Kind
    from autograder.gradebook.gradebook import Gradebook, Row

_ROWS = 40  # of a table on a terminal
Results = Annotated[Path, typer.Option("--results", help="The folder that grade wrote.")]


def adjust(
    student: Annotated[str, typer.Argument(help="The student's handle, or with --section one.")],
    assignment: Annotated[str, typer.Argument(help="The assignment.")],
    section: Annotated[
        bool, typer.Option("--section", help="The first word is a section, and not a student.")
    ] = False,
    extension: Annotated[
        str | None, typer.Option(help="A new due time, or +2d, +36h behind the one so far.")
    ] = None,
    excuse: Annotated[
        bool | None, typer.Option("--excuse/--no-excuse", help="It does not count, or does again.")
    ] = None,
    points: Annotated[
        str | None, typer.Option(help="+1.4 or -2 to add points, =7 to set them.")
    ] = None,
    exercise: Annotated[
        str | None, typer.Option(help="The exercise that points or a request are about.")
    ] = None,
    note: Annotated[str | None, typer.Option(help="A text that the student reads.")] = None,
    request: Annotated[str | None, typer.Option(help="A student's request for a regrade.")] = None,
    answer: Annotated[str | None, typer.Option(help="What the student reads to a request.")] = None,
    why: Annotated[str, typer.Option(help="The reason, which the student reads.")] = "",
    who: Annotated[str | None, typer.Option(help="Who decides; you when left out.")] = None,
    results: Results = Path("results"),
    course: CourseOption = None,
    quiet: Quiet = False,
) -> None:
    """Decide something about a student or a section: it is added, and nothing is ever changed."""
    from autograder.cli.rules import note_half_a_line
    from autograder.gradebook.adjustments import Adjustment, Kind
    from autograder.gradebook.ledger import FILE, add

    home = find_course(course)
    _check_names(home, student, assignment, exercise, section=section)
    excused = None if excuse is None else ("yes" if excuse else "no")
    given = {
        Kind.EXTENSION: extension and _due(extension, home, student, assignment, section=section),
        Kind.EXCUSE: excused,
        Kind.POINTS: points,
        Kind.NOTE: note,
        Kind.REGRADE_REQUEST: request,
        Kind.ANSWER: answer,
    }
    if not any(given.values()):
        raise UsageError("Say what is decided: --extension, --excuse, --points, --note, ...")
    now = datetime.datetime.now(datetime.UTC)
    made = [
        Adjustment(
            kind=kind,
            assignment=assignment,
            value=value,
            who=who or getpass.getuser(),
            at=now,
            why=why,
            student="" if section else student,
            section=student if section else "",
            exercise=exercise if kind in (Kind.POINTS, Kind.REGRADE_REQUEST, Kind.ANSWER) else None,
            machine=None
            if section
            else _machine(kind, home, results, student, assignment, exercise),
        )
        for kind, value in given.items()
        if value
    ]
    note_half_a_line(home)
    add(made, home.root / FILE)
    for one in made if not quiet else ():
        out.print(f"{one.kind}: {_shown(one)}", soft_wrap=True, highlight=False)


def _shown(one: Adjustment) -> str:
    about = f"{one.student or f'section {one.section}'}, {one.assignment}"
    return f"{about}{f', {one.exercise}' if one.exercise else ''}: {one_line(one.value)}"


def _check_names(
    course: Course, student: str, assignment: str, exercise: str | None, *, section: bool
) -> None:
    """Refuse a word that nobody and nothing is called by: it would be without effect."""
    from autograder.gradebook.load import columns

    found = {column.name: column for column in columns(course)}
    if assignment not in found:
        raise UsageError(f"{assignment}: no such assignment. Take one of {', '.join(found)}.")
    exercises = [one.id for one in found[assignment].exercises]
    if exercise is not None and exercise not in exercises:
        raise UsageError(f"{exercise}: no such exercise. Take one of {', '.join(exercises)}.")
    roster = find_roster(course)
    if roster is None:
        return
    names = [person.sections if section else (person.student,) for person in roster.people]
    known = {name for some in names for name in some}
    if student not in known:
        what = "section" if section else "handle"
        raise UsageError(f"{student}: is no {what} of the roster. See: {course.config.roster}")


def _due(value: str, course: Course, student: str, assignment: str, *, section: bool) -> str:
    """A new due time with its zone; "+2d" is two days after the one that holds so far."""
    from autograder.gradebook.decisions import Book
    from autograder.gradebook.extension import new_due
    from autograder.gradebook.ledger import FILE, read_adjustments
    from autograder.model import Person

    people = {p.student: p for p in roster.people} if (roster := find_roster(course)) else {}
    person = Person("", section=student) if section else people.get(student, Person(student))
    decisions = Book(read_adjustments(course.root / FILE)).about(person, assignment)
    due = decisions.due(course.config.policy(assignment))
    return new_due(value, due, course.config.zone).isoformat()


def _machine(
    kind: Kind, course: Course, results: Path, student: str, assignment: str, exercise: str | None
) -> float | None:
    """What the machine has given for it so far, as the gradebook counts."""
    if kind != "points" or not results.is_dir():
        return None
    from autograder.gradebook.load import load

    book = load(course, results, None, datetime.datetime.now(datetime.UTC))
    cell = book.cell(student, assignment)
    return cell.machine_points(exercise) if cell else None


def gradebook(
    results: Annotated[Path, typer.Argument(help="The folder that grade wrote.")] = Path("results"),
    csv: Annotated[Path | None, typer.Option("--csv", help="Write a sheet.")] = None,
    page: Annotated[Path | None, typer.Option("--page", help="Write an HTML page.")] = None,
    section: Annotated[str | None, typer.Option(help="Only this section.")] = None,
    student: Annotated[str | None, typer.Option(help="Explain one student's points.")] = None,
    at: Annotated[
        str | None, typer.Option(help="As of this time: what came later is left out.")
    ] = None,
    anonymous: Anonymous = False,
    course: CourseOption = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Show roster x assignments: attempts, late rules and decisions, and the points that follow."""
    from autograder.cli.rules import note_half_a_line
    from autograder.gradebook.anonymous import anonymise
    from autograder.gradebook.extension import moment
    from autograder.gradebook.load import load

    home = find_course(course)
    zone = home.config.zone
    now = datetime.datetime.now(zone or datetime.UTC) if at is None else moment(at, zone)
    note_half_a_line(home)
    book = load(home, results, find_roster(home), now, later=at is None)
    book = _narrowed(book, section, student)
    if anonymous:
        book = anonymise(book)
    if csv or page:
        _write(book, home.config.title, csv, page, anonymous=anonymous, quiet=quiet)
    elif as_json:
        print(json.dumps(_as_dict(book)))
    elif student is not None:
        for line in _explained(book):
            out.print(line, soft_wrap=True, highlight=False)
    elif not quiet:
        _print(book)


def feedback(
    channel: Annotated[Channel, typer.Argument(help="How it goes out.")],
    results: Annotated[Path, typer.Argument(help="The folder that grade wrote.")] = Path("results"),
    path: Annotated[Path | None, typer.Option("--out", help="The zip, or folder of mails.")] = None,
    download: Annotated[
        Path | None, typer.Option(help="The zip of submissions, as Canvas gave it out.")
    ] = None,
    sender: Annotated[str, typer.Option(help="The address that mails come from.")] = "",
    course: CourseOption = None,
    quiet: Quiet = False,
) -> None:
    """Pack each student's feedback for Moodle's or Canvas's upload, or as mails to be sent."""
    from autograder.cli.rules import counted_reports, feedback_rules
    from autograder.integrations.feedback_out import letters, pack
    from autograder.report.feedback import Feedback

    home = find_course_if_any(course)
    roster = find_roster(home)
    rules = feedback_rules(home, roster)
    reports = list(counted_reports(home, roster, results))
    written = letters(reports, roster, rules.feedback if rules else lambda report: Feedback())
    out_path = path or Path("mails" if channel is Channel.MAIL else f"feedback-{channel}.zip")
    for said in pack(channel, written, out_path, download, sender, roster):
        note(said)
    if not quiet:
        out.print(f"written: {out_path}", soft_wrap=True, highlight=False)


def similar(
    assignment: Annotated[str, typer.Argument(help="The assignment.")],
    results: Annotated[Path, typer.Argument(help="The folder that grade wrote.")] = Path("results"),
    path: Annotated[Path | None, typer.Option("--out", help="The page.")] = None,
    course: CourseOption = None,
    quiet: Quiet = False,
) -> None:
    """Show pairs of submissions that are alike beyond what the exercises force; scores nothing."""
    from autograder.gradebook.load import own_texts
    from autograder.gradebook.similar_page import similar_page
    from autograder.gradebook.similarity import pairs
    from autograder.report.results import read_all
    from autograder.submissions import door

    home = find_course(course)
    reports = [report for report in read_all(results) if report.assignment == assignment]
    if not reports:
        raise UsageError(f"{results}: has no result of {assignment}. Run: autograder grade")
    found = pairs(reports, own_texts(home, assignment))
    out_path = path or Path(f"similar-{assignment}.html")
    try:
        door.put(out_path, similar_page(assignment, found, len(reports)).encode())
    except OSError as error:
        raise InfrastructureError(f"{out_path}: cannot be written ({error.strerror}).") from error
    if not quiet:
        out.print(
            f"{count(len(found), 'pair')} to look at: {out_path}", soft_wrap=True, highlight=False
        )


def _narrowed(book: Gradebook, section: str | None, student: str | None) -> Gradebook:
    rows = [
        row
        for row in book.rows
        if (section is None or section in row.person.sections)
        and student in (None, row.person.student)
    ]
    if not rows and (section is not None or student is not None):
        asked = section if student is None else student
        raise UsageError(f'"{asked}": nobody of the gradebook is called so.')
    return dataclasses.replace(book, rows=tuple(rows))


def _write(
    book: Gradebook,
    title: str,
    csv: Path | None,
    page: Path | None,
    *,
    anonymous: bool,
    quiet: bool,
) -> None:
    from autograder.gradebook.page import gradebook_page
    from autograder.gradebook.sheet import write_sheet
    from autograder.submissions import door

    for path in filter(None, (csv, page)):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path is csv:
                write_sheet(book, path)
            else:
                door.put(path, gradebook_page(book, title, anonymous=anonymous).encode())
        except OSError as error:
            raise InfrastructureError(f"{path}: cannot be written ({error.strerror}).") from error
        if not quiet:
            out.print(f"written: {path}", soft_wrap=True, highlight=False)


def _as_dict(book: Gradebook) -> dict[str, Any]:
    return {
        "at": book.at.isoformat(),
        "assignments": [
            {"name": column.name, "max_points": column.max_points} for column in book.columns
        ],
        "people": [_row_dict(row, book) for row in book.rows],
    }


def _row_dict(row: Row, book: Gradebook) -> dict[str, Any]:
    cells = {
        column.name: {
            "points": cell.points,
            "max_points": cell.max_points,
            "standing": cell.standing.value,
            "attempts": cell.attempts,
            "late": cell.late,
            "why": cell.why,
            "remarks": list(cell.remarks),
        }
        for column, cell in zip(book.columns, row.cells, strict=True)
    }
    person = {"student": row.person.student, "section": row.person.section}
    return {**person, "total": row.total, "assignments": cells}


def _explained(book: Gradebook) -> Iterator[str]:
    for row in book.rows:
        total = "–" if row.total is None else f"{number(row.total)} %"
        yield f"{row.person.student} {row.person.name}".strip() + f": {total} in total"
        for column, cell in zip(book.columns, row.cells, strict=True):
            yield f"  {column.name}, {cell.why}"
            yield from (f"    note: {one_line(note)}" for note in cell.notes)
            yield from (f"    open request: {one_line(one.value)}" for one in cell.requests)
            yield from (f"    remark: {remark}" for remark in cell.remarks)


def _print(book: Gradebook) -> None:
    table = Table(title=f"Gradebook, {len(book.rows)} people")
    table.add_column("student", no_wrap=True, min_width=8)
    table.add_column("section")
    table.add_column("total %", justify="right")
    for column in book.columns:
        table.add_column(column.name, justify="right", no_wrap=True)
    for row in book.rows[:_ROWS]:
        total = "–" if row.total is None else number(row.total)
        cells = (f"{cell.shown}{' late' if cell.late else ''}" for cell in row.cells)
        about = (one_line(row.person.student, 40), one_line(row.person.section, 40))
        table.add_row(*about, total, *cells)
    out.print(table)
    if len(book.rows) > _ROWS:
        out.print(f"and {len(book.rows) - _ROWS} more: --csv FILE or --page FILE shows all.")
    out.print("Why: autograder gradebook --student HANDLE")

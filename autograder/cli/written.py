"""The commands of written answers: a sheet for people to grade, and what they gave."""

from __future__ import annotations

import datetime
import getpass
import shlex
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autograder.cli.console import note, out
from autograder.cli.home import find_course, find_roster
from autograder.cli.options import Anonymous, CourseOption, HandedIn, LayoutOption
from autograder.errors import InfrastructureError, UsageError

if TYPE_CHECKING:
    from autograder.course.layout import Course
    from autograder.gradebook.adjustments import Adjustment
    from autograder.gradebook.decisions import Book
    from autograder.gradebook.written import Earlier, Mark
    from autograder.model import Written

written_app = typer.Typer(no_args_is_help=True, help="Answers in words, which people grade.")
Assignment = Annotated[str, typer.Option("--assignment", help="The assignment.")]
Exercise = Annotated[str, typer.Option("--exercise", help="The written answer's id.")]
Who = Annotated[str | None, typer.Option(help="Who graded; you when left out.")]


@written_app.command("sheet")
def sheet(
    paths: HandedIn,
    assignment: Assignment,
    exercise: Exercise,
    path: Annotated[Path | None, typer.Option("--out", help="The CSV.")] = None,
    layout: LayoutOption = None,
    anonymous: Anonymous = False,
    course: CourseOption = None,
) -> None:
    """Write one question's answers into a CSV, with a column for each item of its rubric."""
    from autograder.gradebook.written import write_sheet
    from autograder.submissions.find import find

    home = find_course(course)
    question = _question(home, assignment, exercise)
    stub = _released(home, assignment, exercise)
    jobs = find(paths, home, assignment, find_roster(home), layout).jobs.get(assignment, [])
    place = path or Path(f"{exercise}.csv")
    try:
        count = write_sheet(assignment, question, stub, jobs, place, anonymous=anonymous)
    except OSError as error:
        raise InfrastructureError(f"{place}: cannot be written ({error.strerror}).") from error
    out.print(f"written: {place} ({count} answers)", soft_wrap=True, highlight=False)


@written_app.command("take")
def take(
    file: Annotated[Path, typer.Argument(help="The CSV that was filled in.")],
    assignment: Assignment,
    exercise: Exercise,
    results: Annotated[Path, typer.Option("--results", help="The folder that grade wrote.")] = Path(
        "results"
    ),
    who: Who = None,
    course: CourseOption = None,
) -> None:
    """Take the points and comments of a CSV: they are added, and survive every re-grade."""
    from autograder.gradebook.written import read_sheet
    from autograder.report.results import read_all

    home = find_course(course)
    question = _question(home, assignment, exercise)
    reports = read_all(results) if results.is_dir() else ()
    own = [report for report in reports if report.assignment == assignment]
    marks = read_sheet(file, assignment, question, own)
    _add(home, [(assignment, exercise, mark) for mark in marks], who)


@written_app.command("from-nbgrader")
def from_nbgrader(
    db: Annotated[str | None, typer.Option(help="nbgrader's gradebook, as a URL.")] = None,
    who: Who = None,
    course: CourseOption = None,
) -> None:
    """Take the points and comments that people gave in nbgrader's formgrader."""
    from autograder.integrations.nbgrader import read_marks

    home = find_course(course)
    url = db or f"sqlite:///{home.root / 'gradebook.db'}"
    _add(home, read_marks(home, url), who, of_nbgrader=True)


def _earlier(course: Course, known: Book, *, of_nbgrader: bool) -> Callable[[Adjustment], Earlier]:
    """What people decided before about an answer; nbgrader may have its points from here."""
    from autograder.gradebook.load import columns
    from autograder.gradebook.written import Earlier, EarlierAtNbgrader
    from autograder.model import Person

    exercises = [(column.name, one) for column in columns(course) for one in column.exercises]
    by_hand = {(name, one.id): one.points for name, one in exercises if one.by_hand}
    most = by_hand if of_nbgrader else {}
    people = {p.student: p for p in roster.people} if (roster := find_roster(course)) else {}

    def earlier(one: Adjustment) -> Earlier:
        points = most.get((one.assignment, one.exercise or ""))  # of checks it has none by hand
        person = people.get(one.student, Person(one.student))
        if points is None:
            return Earlier(known, person)
        return EarlierAtNbgrader(known, person, points)

    return earlier


def _add(
    course: Course,
    marks: Iterable[tuple[str, str, Mark]],
    who: str | None,
    *,
    of_nbgrader: bool = False,
) -> None:
    """Add those that say something new, and name those which people have decided anew since."""
    from autograder.cli.rules import note_half_a_line
    from autograder.gradebook.decisions import Book
    from autograder.gradebook.ledger import FILE, add, read_adjustments
    from autograder.gradebook.written import decision

    note_half_a_line(course)
    path = course.root / FILE
    earlier = _earlier(course, Book(read_adjustments(path)), of_nbgrader=of_nbgrader)
    by, now = who or getpass.getuser(), datetime.datetime.now(datetime.UTC)
    said = [decision(mark, name, exercise, by, now) for name, exercise, mark in marks]
    new = [one for one in said if not earlier(one).holds(one)]
    overruled = {one: last for one in new if (last := earlier(one).overruling(one))}
    if taken := [one for one in new if one not in overruled]:
        add(taken, path)
    for one, last in overruled.items():
        note(_stays(one, last))
    out.print(f"{len(taken)} added, {len(said) - len(new)} known already.")


def _stays(one: Adjustment, last: Adjustment) -> str:
    """That a later decision was not undone, and how to do so."""
    about = [one.student, one.assignment, "--exercise", one.exercise or "", "--points", one.value]
    return (
        f"{one.student} had {one.value} already, and {last.who} has decided {last.value} since: "
        f"that stays. To undo it: {shlex.join(['autograder', 'adjust', *about])} --why ..."
    )


def _question(course: Course, assignment: str, exercise: str) -> Written:
    from autograder.course.source import read_source

    found = {one.id: one for one in read_source(course.source(assignment)).written}
    if exercise not in found:
        there = f"Take one of {', '.join(found)}." if found else "It has none."
        raise UsageError(f"{exercise}: is no written answer of {assignment}. {there}")
    return found[exercise]


def _released(course: Course, assignment: str, exercise: str) -> str:
    """What stands in the answer's cell before anybody writes there."""
    from autograder.course.source import read_release

    written = read_release(course.release(assignment)).written
    return next((one.cell.source for one in written if one.id == exercise), "")

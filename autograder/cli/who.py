"""Who is who among what was found, who is missing, and what an instructor should know of it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table

from autograder.cli.console import MOST, note, out
from autograder.model import Job, Person
from autograder.report.sanitize import count, one_line
from autograder.submissions.formats import GRADABLE, recognise_file
from autograder.submissions.roster import listed

if TYPE_CHECKING:
    from autograder.submissions.find import Found
    from autograder.submissions.roster import Roster


def remark(found: Found, *, anonymous: bool = False) -> None:
    """Tell the instructor what to know, whatever is quiet: it is about somebody's grade."""
    unusual = [one for one in found.passed_over if not one.clutter]
    named = [] if anonymous else unusual[:MOST]  # a path may name anybody
    remarks = [] if anonymous else found.remarks
    remarks = [*remarks, *(f"Passed over: {one.shown} ({one.why})." for one in named)]
    if left := len(unusual) - len(named):
        what = f"{left} more" if named else count(left, "file")
        remarks.append(f"Passed over: {what}; --dry-run lists them.")
    remarks += [_attendance(name, found, anonymous=anonymous) for name in found.missing]
    for sentence in remarks:
        note(one_line(sentence, 2000))


def _attendance(name: str, found: Found, *, anonymous: bool) -> str:
    """How many of the roster submitted an assignment, and who did not."""
    missing, unknown = [person.student for person in found.missing[name]], found.unknown[name]
    students = found.handed_in[name]
    words = f"{name}: {students} of {students + len(missing)} on the roster submitted"
    if missing:
        words += f"; {len(missing)} did not" + ("" if anonymous else f": {listed(missing)}")
    if unknown:
        words += f"; {len(unknown)} not on it" + ("" if anonymous else f": {listed(unknown)}")
    return f"{words}."


def remark_left_alone(count: int, paths: Sequence[Path], assignment: str | None) -> None:
    """Say that published results were not touched, and how to look at what would change."""
    if count:
        option = f" --assignment {assignment}" if assignment else ""
        command = f"autograder regrade {' '.join(map(str, paths[:3]))}{option}"
        note(
            f"{count} results of the same files come from other graders, another seed or another "
            f"device. They may be published and are left as they are; what would change shows: "
            f"{command}"
        )


def remark_replaced(students: Sequence[str]) -> None:
    """Say whose files are older than those that count, and how to count them after all."""
    if students:
        note(
            f"a newer file has replaced what is here of {listed(students)}: its result stays. If "
            "the older file counts now, grade it with --force."
        )


def print_who_is_who(found: Found, roster: Roster | None, *, as_json: bool) -> None:
    """What would be graded: who is who, from which file, and why."""
    people = {person.student: person for person in roster.people} if roster else {}
    if as_json:
        print(json.dumps(_who_is_who(found), default=str))
        return
    for name, jobs in found.jobs.items():
        rows = [_who_row(job, people.get(job.student)) for job in jobs]
        out.print(_without_empty_columns(name, rows))
    for one in found.passed_over:
        out.print(f"passed over: {one_line(one.shown)} ({one.why})", soft_wrap=True)
    remark(dataclasses.replace(found, passed_over=[]))
    out.print("Nothing was graded.")


_HEADS = ("student", "name", "section", "file", "why")


def _who_row(job: Job, person: Person | None) -> tuple[str, ...]:
    known = job.handed_in
    name = person.name if person else ""
    section = (person.section if person else "") or known.section
    late = "; late" if known.late else ""
    others = f"; {known.counts}, not {listed(known.others)}" if known.others else ""
    file = job.problem or f"{job.title}{_unfit(job)}"
    return job.student, name, section, file, f"{known.whose}{others}{late}"


def _unfit(job: Job) -> str:
    """What a file is that cannot be graded, at a first look."""
    try:
        kind = recognise_file(job.path)
    except OSError as error:
        return f" (cannot be opened: {error.strerror})"
    return "" if kind in GRADABLE else f" (cannot be graded: {kind.value})"


def _without_empty_columns(title: str, rows: Sequence[tuple[str, ...]]) -> Table:
    table = Table(title=title, box=box.SIMPLE)
    columns = [(head, cells) for head, cells in zip(_HEADS, zip(*rows, strict=True), strict=True)]
    kept = [(head, cells) for head, cells in columns if any(cells)]
    for head, _ in kept:
        table.add_column(head, no_wrap=head == "student")
    for row in zip(*(cells for _, cells in kept), strict=True):
        table.add_row(*(one_line(cell) for cell in row))
    return table


def _who_is_who(found: Found) -> dict[str, Any]:
    return {
        "submissions": [
            {"assignment": name, **dataclasses.asdict(job)}
            for name, jobs in found.jobs.items()
            for job in jobs
        ],
        "passed_over": [dataclasses.asdict(one) for one in found.passed_over],
        "missing": {name: [p.student for p in people] for name, people in found.missing.items()},
        "unknown": found.unknown,
        "remarks": found.remarks,
    }

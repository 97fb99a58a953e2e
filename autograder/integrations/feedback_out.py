"""Feedback for a whole class at once: zips that Moodle and Canvas take, and mails to be sent.

Moodle finds a student by the number in a file's name, ``Name_4711_assignfeedback_file_page.html``:
mod/assign/feedback/file/importziplib.php. Canvas takes back what it gave out, by two numbers in the
name, and shows it to the student under the name of their own file: so it gets a notebook.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from autograder.errors import InfrastructureError, UsageError
from autograder.integrations.github_actions import summary
from autograder.integrations.lms_grades import about, moodle_number, name_given
from autograder.integrations.options import Channel
from autograder.model import Person, Report
from autograder.report.disclosure import disclosed
from autograder.report.feedback import Feedback, feedback_page
from autograder.report.people import as_submitted
from autograder.report.sanitize import one_line
from autograder.submissions import door, readings
from autograder.submissions.names import file_stem
from autograder.submissions.roster import Roster, Whose
from autograder.submissions.tree import DAMAGED

_ODD = re.compile(r"[^\w .,'-]|_")  # in a name that stands in a file's name


@dataclass(frozen=True)
class Letter:
    """One student's feedback: who, the report as they may read it, and the page."""

    person: Person
    report: Report
    page: str


def letters(
    reports: Sequence[Report], roster: Roster | None, feedback: Callable[[Report], Feedback]
) -> list[Letter]:
    """What each student may read."""
    people = {person.student: person for person in roster.people} if roster else {}
    return [
        Letter(
            as_submitted(
                people.get(report.student, Person(report.student, on_roster=False)), report
            ),
            disclosed(report, feedback(report).level),
            feedback_page(report, feedback(report)),
        )
        for report in reports
    ]


def pack(
    channel: Channel,
    written: Sequence[Letter],
    out: Path,
    download: Path | None = None,
    sender: str = "",
    roster: Roster | None = None,
) -> tuple[str, ...]:
    """Write the feedback for one channel; return what has to be known about it."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        if channel is Channel.MAIL:
            return _mails(written, out, sender)
        if channel is Channel.MOODLE:
            return _for_moodle(written, out)
        return _for_canvas(written, out, download, roster)
    except OSError as error:
        raise InfrastructureError(f"{out}: cannot be written ({error.strerror}).") from error


def _zip(files: dict[str, bytes], out: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in files.items():
            packed.writestr(name, text)
    door.put(out, content.getvalue())


# --- Moodle --------------------------------------------------------------------------------------


def _for_moodle(written: Sequence[Letter], out: Path) -> tuple[str, ...]:
    names = {letter.report.assignment for letter in written}
    if len(names) > 1:
        raise UsageError("Moodle takes one zip for each assignment: name results/<assignment>.")
    unknown = [one.person.student for one in written if not moodle_number(one.person)]
    _zip({_moodle_name(o): o.page.encode() for o in written if moodle_number(o.person)}, out)
    return about("Left out, since no number of Moodle's is known", unknown)


def _moodle_name(letter: Letter) -> str:
    name = letter.person.name or name_given(letter.person) or letter.person.student
    plain = _ODD.sub(" ", one_line(name, 80)).strip() or "student"
    file = f"{file_stem(letter.report.assignment)}.html"
    return f"{plain}_{moodle_number(letter.person)}_assignfeedback_file_{file}"


# --- Canvas --------------------------------------------------------------------------------------


def _for_canvas(
    written: Sequence[Letter], out: Path, download: Path | None, roster: Roster | None
) -> tuple[str, ...]:
    if download is None:
        raise UsageError(
            "Canvas takes back only what it gave out: name the zip of submissions that you "
            "downloaded there with --download."
        )
    own = {letter.person.student: letter for letter in written}
    found = {who: name for name, who in _downloaded(download, roster) if who in own}
    _zip({name: _for_file(name, own[who]) for who, name in found.items()}, out)
    return about("Left out, since the download has no file of theirs", [*own.keys() - found.keys()])


def _downloaded(download: Path, roster: Roster | None) -> Iterator[tuple[str, str]]:
    """The names of the files in a download of Canvas, each with its student's handle."""
    if not download.is_file():
        raise UsageError(f"{download}: there is no such file. Check the path.")
    try:
        with door.opened(download) as file, zipfile.ZipFile(file) as zipped:
            names = zipped.namelist()
    except DAMAGED as error:
        raise UsageError(f"{download}: is no zip that can be read. Download it again.") from error
    files = [name.rpartition("/")[2] for name in names]
    said = readings.of_download(files, lambda whose: bool(roster and roster.find(whose).person))
    settled = {name: left[0].whose for name, left in said.items() if len(left) == 1}
    owners = {name: whose for name, whose in settled.items() if _is_canvas(whose)}
    doubtful = roster.borne_by_several(owners.values()) if roster else set[Whose]()
    for name, whose in owners.items():
        known = roster.find(whose).person if roster and whose not in doubtful else None
        yield name, known.student if known else whose.handle


def _is_canvas(whose: Whose) -> bool:
    return whose.system == "canvas" and bool(whose.id)


def _for_file(name: str, letter: Letter) -> bytes:
    """A notebook to read in the place of a notebook, else a text."""
    text = summary([letter.report])
    if not name.endswith(".ipynb"):
        return text.encode()
    cell = {"cell_type": "markdown", "id": "feedback", "metadata": {}, "source": text}
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}
    return json.dumps(notebook, indent=1).encode()


# --- mails ---------------------------------------------------------------------------------------


def _mails(written: Sequence[Letter], out: Path, sender: str) -> tuple[str, ...]:
    """A folder of .eml files, which mail programs open as drafts."""
    out.mkdir(parents=True, exist_ok=True)
    unknown = []
    for letter in written:
        address = _address(letter.person)
        if address is None:
            unknown.append(letter.person.student)
            continue
        stem = f"{file_stem(letter.report.assignment)}--{file_stem(letter.person.student)}"
        door.put(out / f"{stem}.eml", _mail(letter, address, sender).as_bytes(policy=SMTP))
    return about("Left out, since the roster has no usable address", unknown)


def _address(person: Person) -> Address | None:
    try:
        return Address(one_line(person.name, 80), addr_spec=person.email) if person.email else None
    except (ValueError, IndexError):  # no address: two lines, no @
        return None


def _mail(letter: Letter, to: Address, sender: str) -> EmailMessage:
    mail = EmailMessage()
    mail["To"] = to
    if sender:
        mail["From"] = sender
    mail["Subject"] = f"Feedback on {one_line(letter.report.assignment, 80)}"
    mail["X-Unsent"] = "1"  # a draft: somebody looks before it goes out
    mail.set_content(summary([letter.report]))
    name = f"{file_stem(letter.report.assignment)}.html"
    mail.add_attachment(letter.page.encode(), maintype="text", subtype="html", filename=name)
    return mail

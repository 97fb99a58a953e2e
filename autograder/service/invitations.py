"""Personal sign-in links as a sheet for a mail merge."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from urllib.parse import urlencode

from autograder.errors import InfrastructureError
from autograder.model import Person
from autograder.report.pages import FOR_EXCEL, inert
from autograder.service.identity import Identity, Purpose
from autograder.submissions import door

COLUMNS = ("student", "name", "email", "section", "role", "link")


def link(identity: Identity, person: Person, url: str) -> str:
    """The address that signs a person in."""
    return f"{url}/sign-in?{urlencode({'key': identity.token(person, Purpose.LINK)})}"


def write_links(identity: Identity, people: list[Person], url: str, path: Path) -> None:
    """Write one row for each person, in a form no spreadsheet will run; only we may read it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for person in people:
        about = (person.student, person.name, person.email, person.section, person.role)
        writer.writerow([*map(inert, about), link(identity, person, url)])
    try:
        door.put(path, text.getvalue().encode(FOR_EXCEL), 0o600)
    except OSError as error:
        raise InfrastructureError(f"{path}: cannot be written ({error.strerror}).") from error

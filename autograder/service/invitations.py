"""Personal sign-in links as a sheet for a mail merge."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path
from urllib.parse import urlencode

from autograder.errors import InfrastructureError
from autograder.model import Person
from autograder.report.pages import inert
from autograder.service.identity import Identity, Purpose

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
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8-sig", newline="") as file:
            file.write(text.getvalue())
    except OSError as error:
        raise InfrastructureError(f"{path}: cannot be written ({error.strerror}).") from error

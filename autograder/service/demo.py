"""A service to look at: a copy of the course with a small class, whose notebooks are submitted."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from autograder.course.config import FILE
from autograder.course.layout import Course
from autograder.errors import UsageError
from autograder.model import Person
from autograder.service.service import Service
from autograder.service.storage.attempts import Arrival, now
from autograder.submissions import door
from autograder.submissions.roster import STUDENT, write_roster

INSTRUCTOR = Person("instructor", "Grace Hopper", "grace@example.org", "", "instructor")
SECTIONS = ("A", "B")


def make_course(course: Course, folder: Path) -> Course:
    """Copy a course and give it a roster of those whose samples lie in it."""
    samples = dict(_samples(course))
    if not samples:
        raise UsageError(f"{course.root}: has no samples/STUDENT/ASSIGNMENT/ to show.")
    folder.mkdir(parents=True)
    for part in ("source", "release", "solutions"):
        shutil.copytree(course.root / part, folder / part)
    text = (course.root / FILE).read_text(encoding="utf-8")
    text = re.sub(r"(?m)^roster *=.*\n", "", text)
    (folder / FILE).write_text(f'roster = "roster.csv"\n{text}', encoding="utf-8")
    write_roster([*_people(samples), INSTRUCTOR], folder / "roster.csv")
    return Course(folder)


def submit_samples(course: Course, service: Service) -> Person:
    """Submit the class's notebooks but the first student's, who is returned."""
    first, *others = sorted(_samples(course))
    for student, path in others:
        with door.opened(path) as file:
            digest = service.files.put(file.read())
        assignment = path.parent.name
        service.attempts.receive(
            [Arrival(student, assignment, path.name, digest, "browser", now())]
        )
    person = service.people.find(first[0])
    assert person is not None  # make_course has put everybody into the roster
    return person


def _samples(course: Course) -> Iterator[tuple[str, Path]]:
    for path in sorted((course.root / "samples").glob("*/*/*.ipynb")):
        yield path.parent.parent.name, path


def _people(samples: dict[str, Path]) -> Iterator[Person]:
    for place, student in enumerate(samples):
        section = SECTIONS[place % len(SECTIONS)]
        email = f"{student}@example.org"
        yield Person(student, student.capitalize(), email, section, STUDENT)

"""Written answers in the service: what students wrote to one question, and what people gave."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from autograder.course.source import read_source
from autograder.gradebook.adjustments import Adjustment
from autograder.gradebook.decisions import Book
from autograder.gradebook.written import Earlier, answer, decision, key_of, marked
from autograder.model import Job, Person, Written
from autograder.service.book import gradebook_of
from autograder.service.service import Service
from autograder.service.storage.attempts import Attempt, now
from autograder.submissions.roster import Roster


@dataclass(frozen=True)
class WrittenAnswer:
    """One student's answer, in the attempt that counts; else in the newest one."""

    key: str  # stands for the student where names are hidden
    person: Person
    attempt: Attempt
    text: str
    given: Adjustment | None  # what somebody gave last


def question(service: Service, assignment: str, exercise: str) -> Written | None:
    """One question with its rubric, which students do not get."""
    path = service.course.source(assignment)
    found = _questions(path, path.stat().st_mtime_ns)
    return next((one for one in found if one.id == exercise), None)


def answers(
    service: Service, roster: Roster, assignment: str, exercise: str
) -> list[WrittenAnswer]:
    """All answers to one question, in an order that says nothing about their students."""
    stubs = {one.id: one.cell.source for one in service.assignment(assignment).written}
    book = Book(service.ledger.all())
    found = []
    for person, attempt in _attempts(service, roster, assignment):
        text = _text(service, attempt, exercise, stubs.get(exercise, ""))
        points = book.about(person, assignment).points(exercise)
        if text:
            key = key_of(person.student, attempt.sha256)
            found.append(WrittenAnswer(key, person, attempt, text, points[-1] if points else None))
    return sorted(found, key=lambda one: one.key)


def progress(service: Service, roster: Roster, assignment: str) -> list[tuple[Written, int, int]]:
    """Each question of an assignment: how many answers are graded, and how many there are."""
    asked = service.assignment(assignment).written
    found = [(one, answers(service, roster, assignment, one.id)) for one in asked]
    return [(one, sum(a.given is not None for a in own), len(own)) for one, own in found]


def grade(
    service: Service, who: Person, assignment: str, asked: Written, student: str,
    items: list[str], points: str, comment: str,
) -> None:  # fmt: skip
    """Add what somebody gives for one answer; what says nothing new adds nothing.

    Raises:
        UsageError: the points are no number, or more than can be had.
    """
    mark = marked(student, asked, items, points, comment)
    one = decision(mark, assignment, asked.id, who.student, now())
    if not Earlier(Book(service.ledger.all()), Person(student)).holds(one):
        service.ledger.add([one])


def _attempts(
    service: Service, roster: Roster, assignment: str
) -> Iterator[tuple[Person, Attempt]]:
    attempts = service.attempts.of_assignment(assignment)
    by_number = {(one.student, one.number): one for one in attempts}
    newest = {one.student: one for one in attempts}
    for person, cell in gradebook_of(service, roster, attempts, [assignment]).cells_of(assignment):
        counts = by_number[person.student, cell.attempt.number] if cell.attempt else None
        if found := counts or newest.get(person.student):
            yield person, found


def _text(service: Service, attempt: Attempt, exercise: str, stub: str) -> str:
    held = service.written_texts
    key = (attempt.sha256, attempt.file, exercise)
    if key not in held:
        with service.files.under_name(attempt.sha256, attempt.file) as path:
            held[key] = answer(Job(attempt.student, path), exercise, stub)
    return held[key]


@lru_cache(20)
def _questions(path: Path, changed: int) -> tuple[Written, ...]:
    """Those of a source file as it was changed last."""
    return read_source(path).written

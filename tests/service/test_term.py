"""A whole term through the service's database: each cell is what an independent computation has."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.course.layout import Course
from autograder.gradebook.ledger import FILE, add
from autograder.model import Outcome, Report
from autograder.service import book as service_book
from autograder.service.book import counted_reports, whole_book
from autograder.service.service import Options, Service
from autograder.service.storage.attempts import Arrival
from autograder.service.storage.regrades import APPLIED
from autograder.service.storage.tables import metadata
from autograder.service.storage.tasks import Task
from autograder.submissions.roster import read_roster
from tests.gradebook.term import NAMES, Submitted, Term, make_term, report_of
from tests.gradebook.test_term import NOW, expected_cell, expected_total
from tests.support.marks import one_quick

REGRADED = ("week2", "week4")


@pytest.fixture(scope="module", params=one_quick([40, 180]))
def term(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Term:
    """The term of 180 people, or of some; the service gets nothing but what happened."""
    return make_term(tmp_path_factory.mktemp("term"), request.param)


@pytest.fixture
def in_memory(tmp_path: Path) -> Iterator[Path]:
    """A folder in which thousands of files need not wait for a disk, where there is one."""
    place = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=place if place.is_dir() else tmp_path) as folder:
        yield Path(folder)


@pytest.fixture
def service(
    term: Term, in_memory: Path, database_url: str | None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Service]:
    """A service that has lived through the term; half of the decisions came by the command."""
    (term.root / FILE).unlink(missing_ok=True)
    made = Service(Options(Course(term.root), in_memory, "http://localhost", database_url))
    if database_url:
        with made.database.writing() as connection:
            connection.exec_driver_sql(f"TRUNCATE {', '.join(metadata.tables)} RESTART IDENTITY")
    monkeypatch.setattr(service_book, "now", lambda: NOW)
    _submit(made, term)
    for name in REGRADED:
        _regrade(made, term, name)
    made.ledger.add(term.decided[::2])
    add(term.decided[1::2], term.root / FILE)
    yield made
    made.stop(0)


def test_every_cell_is_what_an_independent_computation_has(term: Term, service: Service) -> None:
    """Each cell and total, also where the machine was asked again and people decided."""
    roster = read_roster(term.root / "roster.csv")
    book = whole_book(service, roster, lambda student: True)
    assert {row.person.student for row in book.rows} > {p.student for p in roster.students}
    wrong = []
    for row in book.rows:
        student, section = row.person.student, row.person.section
        expected = [expected_cell(term, student, section, name) for name in NAMES]
        found = [(cell.points, cell.max_points) for cell in row.cells]
        if found != expected or row.total != expected_total(expected):
            wrong.append((student, found, expected))
    assert wrong == []
    _check_exports(term, service)


def _check_exports(term: Term, service: Service) -> None:
    """What goes out has the points that count, for whoever is on the roster."""
    roster = read_roster(term.root / "roster.csv")
    for name in NAMES:
        found = {r.student: r.counted for r in counted_reports(service, roster, name)}
        for person in roster.students:
            points, _ = expected_cell(term, person.student, person.section, name)
            counted = found.get(person.student)
            assert (counted and counted.points) == points, (name, person.student)


# --- what happened, as the service lives through it ----------------------------------------------


def _submit(service: Service, term: Term) -> None:
    """Everybody's first submissions, graded, then the second ones: none replaces another."""
    rounds: defaultdict[int, list[Submitted]] = defaultdict(list)
    for mine in _by_cell(term).values():
        for number, one in enumerate(mine):
            rounds[number].append(one)
    for _, submitted in sorted(rounds.items()):
        submitted.sort(key=lambda one: one.at)
        service.attempts.receive([_arrival(service, one) for one in submitted])
        by_time = {(one.student, one.assignment, one.at): one for one in submitted}
        while task := service.queue.claim():
            attempt = task.attempt
            one = by_time[attempt.student, attempt.assignment, attempt.received]
            _finish(service, task, _before_regrade(one))


def _by_cell(term: Term) -> dict[tuple[str, str], list[Submitted]]:
    found: defaultdict[tuple[str, str], list[Submitted]] = defaultdict(list)
    for one in sorted(term.submitted, key=lambda one: one.at):
        found[one.student, one.assignment].append(one)
    return found


def _arrival(service: Service, one: Submitted) -> Arrival:
    digest = service.files.put(f"{one.student} {one.at}".encode())
    return Arrival(one.student, one.assignment, "x.ipynb", digest, "browser", one.at)


def _before_regrade(one: Submitted) -> Report:
    """With nothing for the exercise whose grader was wrong at first."""
    made = report_of(one, "2026-12-01T08:00:00+00:00")
    if one.assignment not in REGRADED or made.status is not Outcome.GRADED:
        return made
    parts = (replace(p, score=0.0) if p.id == "layer" else p for p in made.exercises)
    return replace(made, exercises=tuple(parts))


def _regrade(service: Service, term: Term, name: str) -> None:
    """Grade all again by the corrected grader, and publish it."""
    known = {(o.student, o.assignment, o.at): o for o in term.submitted}
    id = service.regrades.ask(name, "grace")
    while task := service.queue.claim():
        one = known[task.attempt.student, name, task.attempt.received]
        _finish(service, task, report_of(one, "2026-12-02T08:00:00+00:00"))
    service.regrades.decide(id, APPLIED, "grace")


def _finish(service: Service, task: Task, report: Report) -> None:
    assert service.queue.finish(task, report, service.attempts.put_report(report))

"""A simulated term: a course folder as a term leaves it, and a plain record of what happened.

The record is all that an independent computation may look at: who submitted what and when, what
the machine gave at each grading, and what people decided.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import random
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from autograder.course.layout import Course
from autograder.gradebook.adjustments import Adjustment, Kind
from autograder.gradebook.ledger import FILE, add
from autograder.model import HandedIn, Outcome, Person, Report
from autograder.report import results
from autograder.submissions.roster import write_roster
from tests.report import factory

BERLIN = ZoneInfo("Europe/Berlin")
EXERCISES = {"neuron": 10, "layer": 20, "sigmoid": 25, "decide": 15, "classify": 30}
SECTIONS = ("monday", "thursday")
NAMES = tuple(f"week{n}" for n in range(1, 7))
DUES = {  # the clocks go back on 25 October
    "week1": "2026-10-11T23:59:00", "week2": "2026-10-18T23:59:00", "week3": "2026-10-24T23:59:00",
    "week4": "2026-11-08T23:59:00", "week5": "2026-11-15T12:00:00", "week6": "2026-11-29T23:59:00",
}  # fmt: skip
CONFIG = """
title = "A term"
timezone = "Europe/Berlin"
roster = "roster.csv"

[policy]
attempts = "best"
late = { per = "day", percent = 10, grace_minutes = 15, cap = 25 }

[assignments.week1]
due = 2026-10-11T23:59:00
[assignments.week2]
due = 2026-10-18T23:59:00
attempts = "last"
hard_deadline = 2026-10-21T23:59:00
weight = 2
[assignments.week3]
due = 2026-10-24T23:59:00
attempts = "last before due"
dropped = ["sigmoid"]
[assignments.week4]
due = 2026-11-08T23:59:00
late = { per = "hour", points = 1.5, cap = 30 }
points = { classify = 12 }
[assignments.week5]
due = 2026-11-15T12:00:00
hard_deadline = 2026-11-17T12:00:00
extra_credit_exercises = ["decide"]
[assignments.week6]
due = 2026-11-29T23:59:00
extra_credit = true
"""


@dataclass
class Submitted:
    """One submission: when, and what each exercise earned when it was graded last."""

    student: str
    assignment: str
    at: datetime.datetime
    scores: dict[str, float] | None  # None: the machine failed; empty: nobody can read the file


@dataclass
class Term:
    """The folder, and the record."""

    root: Path
    people: list[Person]
    submitted: list[Submitted] = field(default_factory=list)
    decided: list[Adjustment] = field(default_factory=list)

    @property
    def results(self) -> Path:
        """The folder that grade wrote."""
        return self.root / "results"


def make_term(root: Path, people: int = 180, seed: int = 5) -> Term:
    """Live through a term."""
    chance = random.Random(seed)
    write_course(root)
    term = Term(root, [factory.person(f"s{n:04d}", n) for n in range(1, people + 1)])
    term.people = [replace(p, section=chance.choice(SECTIONS)) for p in term.people]
    reports: list[Report] = []
    for name in NAMES:
        for person in term.people:
            reports += _submissions(term, person.student, name, chance)
    for name in ("week2", "week4"):
        reports += _regraded(term, name, chance)
    for report in reports:
        results.keep_earlier(report, term.results)
        results.write(report, term.results)
    _decide(term, chance)
    add(term.decided, root / FILE)
    _change_roster(term)
    write_roster(tuple(term.people), root / "roster.csv")
    return term


def write_course(root: Path) -> Course:
    """Six built assignments of five exercises each."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "course.toml").write_text(CONFIG, encoding="utf-8")
    for name in NAMES:
        source = root / "source" / name / f"{name}.py"
        source.parent.mkdir(parents=True)
        source.touch()
        release = root / "release" / name / f"{name}.ipynb"
        release.parent.mkdir(parents=True)
        notebook = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": list(_cells())}
        release.write_text(json.dumps(notebook), encoding="utf-8")
    return Course(root)


def _cells() -> Any:
    for name, points in EXERCISES.items():
        answer = {"grade_id": name, "solution": True}
        check = {"grade_id": f"{name}-check", "grade": True, "points": points}
        yield _cell("markdown", f"### 1.1 · {name}", {"grade_id": f"{name}-statement"})
        yield _cell("code", f"def {name}():\n    ...", answer)
        yield _cell("code", "", check)


def _cell(kind: str, source: str, marks: dict[str, Any]) -> dict[str, Any]:
    usual = {"schema_version": 3, "grade": False, "solution": False, "locked": False, "task": False}
    made = {"cell_type": kind, "source": source, "metadata": {"nbgrader": {**usual, **marks}}}
    return made | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def _submissions(term: Term, student: str, name: str, chance: random.Random) -> list[Report]:
    due = datetime.datetime.fromisoformat(DUES[name]).replace(tzinfo=BERLIN)
    made = []
    for _ in range(chance.choices((0, 1, 2, 4), (6, 60, 25, 9))[0]):
        hours = (
            chance.choice((-90, -60, -20, -5, -2, 0.1, 1, 20, 24.9, 30, 60, 80)) + chance.random()
        )
        at = due.astimezone(datetime.UTC) + datetime.timedelta(hours=hours)
        scores = {id: _score(points, chance) for id, points in EXERCISES.items()}
        one = Submitted(student, name, at.replace(microsecond=0), scores)
        if chance.random() < 0.03:
            one.scores = chance.choice((None, {}))
        term.submitted.append(one)
        made.append(report_of(one, "2026-12-01T08:00:00+00:00"))
    return sorted(made, key=lambda report: report.handed_in.at)


def _score(points: float, chance: random.Random) -> float:
    return round(points * chance.choice((0, 0.25, 0.333, 0.5, 0.75, 1, 1, 1)), 2)


def report_of(one: Submitted, graded_at: str) -> Report:
    """What grading a submission gives."""
    parts = [
        factory.exercise(id, points=points, score=(one.scores or {}).get(id, 0.0), checks=())
        for id, points in EXERCISES.items()
    ]
    status = Outcome.GRADED
    if not one.scores:
        status = Outcome.NOT_GRADED if one.scores is None else Outcome.UNREADABLE
    return factory.report(
        one.student,
        one.assignment,
        status=status,
        exercises=tuple(parts) if one.scores else (),
        sha256=hashlib.sha256(repr((one.student, one.assignment, one.at)).encode()).hexdigest(),
        handed_in=HandedIn(at=one.at.isoformat()),
        graded_at=graded_at,
    )


def _regraded(term: Term, name: str, chance: random.Random) -> list[Report]:
    """After an edit of one grader: everybody's latest file is graded again."""
    latest = {
        (one.student, one.assignment): one
        for one in sorted(term.submitted, key=lambda one: one.at)
        if one.assignment == name
    }
    for one in latest.values():
        if one.scores:
            one.scores = {**one.scores, "layer": _score(EXERCISES["layer"], chance)}
    return [report_of(one, "2026-12-02T08:00:00+00:00") for one in latest.values() if one.scores]


def _decide(term: Term, chance: random.Random) -> None:
    """20 extensions, one of them a section's, 12 excuses, 30 corrections of points."""
    at = datetime.datetime(2026, 12, 3, 9, 0, tzinfo=BERLIN)
    handles = [person.student for person in term.people]
    for number in range(62):
        student, name = chance.choice(handles), chance.choice(NAMES)
        when = at + datetime.timedelta(minutes=number)
        one = Adjustment(Kind.EXCUSE, name, "yes", "tina", when, "ill", student=student)
        if number < 20:
            due = datetime.datetime.fromisoformat(DUES[name]).replace(tzinfo=BERLIN)
            value = (due + datetime.timedelta(days=chance.choice((1, 2, 4)))).isoformat()
            one = replace(one, kind=Kind.EXTENSION, value=value)
            if number == 0:
                one = replace(one, student="", section=SECTIONS[0])
        elif number < 50:
            value = chance.choice(("+1.4", "-2", "=17", "+30", "=0", "+0.05"))
            exercise = chance.choice((None, *EXERCISES))
            one = replace(one, kind=Kind.POINTS, value=value, exercise=exercise, why="looked at")
        term.decided.append(one)


def _change_roster(term: Term) -> None:
    """Late in the term one person leaves, one comes and one changes the section."""
    changed = replace(term.people[3], section=SECTIONS[term.people[3].section == SECTIONS[0]])
    new = Person("newcomer", "New Comer", "new@example.org", SECTIONS[1])
    term.people = [*term.people[:3], changed, *term.people[5:], new]

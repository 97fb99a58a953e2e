"""A gradebook that names nobody: labels for people, and no word that a person has written."""

from __future__ import annotations

import random
from dataclasses import replace

from autograder.gradebook.gradebook import Cell, Gradebook, Row
from autograder.model import Person


def anonymise(book: Gradebook) -> Gradebook:
    """Put "Student 7" for each person, in an order that says nothing; sections stay.

    Reasons, notes, requests and remarks are left out: they may name people.
    """
    rows = list(book.rows)
    random.SystemRandom().shuffle(rows)
    return replace(book, rows=tuple(_hidden(row, n) for n, row in enumerate(rows, 1)))


def _hidden(row: Row, number: int) -> Row:
    label = f"Student {number}"
    person = Person(label, section=row.person.section, role=row.person.role)
    return replace(
        row, person=person, cells=tuple(_without_words(cell, label) for cell in row.cells)
    )


def _without_words(cell: Cell, label: str) -> Cell:
    attempt = replace(cell.attempt, student=label, report="", remark="") if cell.attempt else None
    steps = tuple(replace(step, reason="", who="") for step in cell.steps)
    return replace(
        cell, attempt=attempt, steps=steps, notes=(), requests=(), remarks=(), differs=()
    )

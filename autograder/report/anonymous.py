"""Hides who is who, for grading in public: labels for people, and nothing that could name them.

The labels are in the order of a digest of each handle, the seeds and the fingerprints of all files:
who knows the class list and the seed, which every student reads, still cannot work them out.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from autograder.model import Check, ExerciseReport, HandedIn, Person, Report
from autograder.notebook.wording import sentence
from autograder.report.people import UNKNOWN
from autograder.submissions.roster import Roster

# In a flag: an address or path, a text of the code, a part of a module's or an object's name.
_OWN_WORDS = re.compile(r"""[@/\\]|\bthe text ['"]|\bgetattr\(|\w\.\w""")
SHORTEST = 3  # letters of a part of a name that is looked for by itself


@dataclass(frozen=True)
class Anonymous:
    """Reports, those of the last grading and the roster, all with the same labels."""

    reports: list[Report]
    previous: list[Report]
    roster: Roster | None


def anonymise(
    reports: Iterable[Report], roster: Roster | None = None, previous: Iterable[Report] = ()
) -> Anonymous:
    """Put "Student 7" for each person, and leave out whatever else may say who it is.

    No file, code, note or reason remains; of the remarks, only those that no student has worded;
    of the flags, only those that name nobody.
    """
    now, before = list(map(_without_own_words, reports)), list(map(_without_own_words, previous))
    people = _people([*now, *before], roster)
    names = frozenset(_names([*now, *before], people))
    numbers = {handle: number for number, handle in enumerate(_shuffled(people, now), 1)}
    return Anonymous(
        _masked(now, numbers, names),
        _masked(before, numbers, names),
        None if roster is None else Roster(tuple(_relabelled(people, numbers))),
    )


def _without_own_words(report: Report) -> Report:
    """A report without what its student has written, or the machine has said of it."""
    exercises = tuple(
        replace(part, code="", remarks=_authors_words(part), checks=tuple(map(_bare, part.checks)))
        for part in report.exercises
    )
    return replace(report, exercises=exercises, notes=(), reason=None)


def _bare(check: Check) -> Check:
    """A check; the notebook's own example without how it went, which may quote the student."""
    return check if check.hidden else replace(check, message=sentence(check.message))


def _authors_words(exercise: ExerciseReport) -> tuple[str, ...]:
    """A named mistake's remarks and those of hidden checks.

    All others may quote the student: where the notebook's own example stops, it is with their
    line and the text of their error.
    """
    if exercise.mistake:
        return exercise.remarks
    said = {check.message for check in exercise.checks if check.hidden}
    return tuple(remark for remark in exercise.remarks if remark in said)


def _people(reports: Sequence[Report], roster: Roster | None) -> dict[str, Person]:
    """Everybody who needs a label: the students, and whoever else submitted."""
    roster = roster or Roster()
    known = {person.student: person for person in roster.people}
    students = [person.student for person in roster.students]
    handles = dict.fromkeys([*students, *(report.student for report in reports)])
    return {handle: known.get(handle, Person(handle, role=UNKNOWN)) for handle in handles}


def _shuffled(handles: Iterable[str], reports: Iterable[Report]) -> list[str]:
    secret = "\n".join(sorted({f"{report.seed} {report.sha256}" for report in reports}))
    return sorted(handles, key=lambda handle: (_digest(f"{secret}\n{handle}"), handle))


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _masked(
    reports: Iterable[Report], numbers: dict[str, int], names: frozenset[str]
) -> list[Report]:
    """The reports under their labels, in an order that gives nothing away either."""
    ordered = sorted(reports, key=lambda report: (report.assignment, numbers[report.student]))
    return [_mask(report, _label(numbers[report.student]), names) for report in ordered]


def _mask(report: Report, label: str, names: frozenset[str]) -> Report:
    came = report.handed_in
    return replace(
        report,
        student=label,
        file="",
        sha256="",
        flags=tuple(flag for flag in report.flags if not _tells(flag, names)),
        counted=report.counted and replace(report.counted, why=""),
        handed_in=HandedIn(at=came.at, late=came.late, section=came.section),
    )


def _label(number: int) -> str:
    return f"Student {number}"


def _relabelled(people: dict[str, Person], numbers: dict[str, int]) -> Iterator[Person]:
    for handle, number in numbers.items():
        yield Person(_label(number), section=people[handle].section, role=people[handle].role)


def _names(reports: Iterable[Report], people: dict[str, Person]) -> Iterator[str]:
    """All that people and their files are called, as words."""
    for handle, person in people.items():
        parts = [part for part in _words(person.name).split() if len(part) >= SHORTEST]
        called = [handle, person.email, person.email.partition("@")[0], person.name, *parts]
        yield from filter(None, map(_words, called))
    for report in reports:
        yield from filter(None, map(_words, [report.file, *report.handed_in.others]))


def _words(text: str) -> str:
    """Letters and digits alone: ``doe_jane``, ``Doe, Jane`` and ``doe-jane`` are the same."""
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))


def _tells(flag: str, names: frozenset[str]) -> bool:
    """Whether a flag names somebody, or holds what may name anybody.

    That is an address, a path, and what a student has worded: see sandbox.inside.review.
    """
    said = f" {_words(flag)} "
    return bool(_OWN_WORDS.search(flag)) or any(f" {name} " in said for name in names)

"""Grades on their way back into a learning management system: sheets that these import.

What an importer asks for is read from its source: GradebookImporter of Canvas, and of Moodle
mod/assign/feedback/offline/importgradeslib.php. A cell by which they find a person is written as
the roster has it, even where a spreadsheet would compute it; a remark says so then. All else, the
handles too that no roster vouches for, is made inert.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from autograder.errors import UsageError
from autograder.model import Person, Report
from autograder.report.pages import FOR_EXCEL, computes, inert
from autograder.report.people import Member, members
from autograder.report.sanitize import number, one_line
from autograder.report.summary import score_of
from autograder.submissions import door
from autograder.submissions.roster import Roster

# As submissions.lms makes it of a person's name and a number; other handles may look alike.
_HANDLE = re.compile(r"(?!anon_|submission_)(?P<who>.+)_(?P<number>\d+)")
_MOST = 10  # names in one remark
CANVAS_EXCUSED = "EX"
CANVAS_POINTS = "Points Possible"
CANVAS_PERSON = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
CANVAS_IDS = {"ID": "canvas_id", "SIS User ID": "sis_id", "SIS Login ID": "login_id"}

# The columns of Moodle's grading worksheet, and the word that says that a grade is locked. Its
# importer looks for the headings of the language that Moodle speaks to the teacher.
MOODLE_COLUMNS = (
    "identifier", "name", "email", "status", "grade", "maximum", "changeable", "submitted",
    "modified", "feedback", "scale", "no", "username", "idnumber",
)  # fmt: skip
_MOODLE_HEADINGS = """
Identifier | Full name | Email address | Status | Grade | Maximum Grade | Grade can be changed
| Last modified (submission) | Last modified (grade) | Feedback comments | Scale | No
| Username | ID number

ID | Vollständiger Name | E-Mail-Adresse | Status | Bewertung | Bestwertung
| Bewertung kann geändert werden | Zuletzt geändert (Abgabe) | Zuletzt geändert (Bewertung)
| Feedback als Kommentar | Skala | Nein
| Anmeldename | ID-Nummer

Identifiant | Nom complet | Adresse de courriel | Statut | Note | Note maximale
| La note peut être modifiée | Dernière modification (travail remis)
| Dernière modification (note) | Feedback par commentaires | Barème | Non
| Nom d’utilisateur / Nom d'utilisateur | Numéro d’identification / Numéro d'identification

Identificador | Nombre completo | Dirección de correo / Dirección Email | Estado / Estatus
| Calificación | Calificación máxima
| La calificación puede ser cambiada / La calificación puede cambiarse
| Última modificación (entrega) | Última modificación (calificación)
| Comentarios de retroalimentación | Escala | No
| Nombre de usuario | Número de ID / Número de identificación

Número de identificação | Nome completo | Endereço de e-mail | Estado | Nota / Avaliação
| Nota Máxima | A nota pode ser alterada. / A nota pode ser alterada
| Última atualização (submissão) | Última atualização (avaliação)
| Comentários de feedback | Escala | Não
| Nome de utilizador | Número de identificação / Número ID

Identificador | Nome completo | Endereço de email | Status | Nota | Nota máxima
| Nota pode ser alterada | Última modificação (envio) | Última modificação (nota)
| Comentários de feedback | Escala | Não
| Nome de usuário / Identificação de usuário | Número de identificação

Identificativo | Nome completo / Nome | Indirizzo email | Stato | Valutazione
| Valutazione massima | La valutazione può essere cambiata | Ultima modifica (consegna)
| Ultima modifica (valutazione) | Commenti | Scala | No
| Username / Nome utente | Codice identificativo

Identificatie | Volledige naam | E-mailadres | Status | Cijfer / Beoordeling | Maximaal cijfer
| Het cijfer kan gewijzigd worden | Laatst gewijzigd (inzending)
| Laatst gewijzigd (beoordeling) | Feedback | Schaal | Nee
| Gebruikersnaam | ID-nummer

Identyfikator | Imię i nazwisko / Pełna nazwa | Adres e-mail | Status | Ocena | Maksymalna ocena
| Ocena może być zmieniona | Ostatnia modyfikacja (przesłane rozwiązanie)
| Ostatnia aktualizacja (ocena) | Komentarz zwrotny | Skala | Nie
| Nazwa użytkownika | Numer ID
"""
MOODLE_LANGUAGES = tuple(
    {
        column: tuple(word.strip() for word in words.split(" / "))
        for column, words in zip(MOODLE_COLUMNS, language.split("|"), strict=True)
    }
    for language in _MOODLE_HEADINGS.strip().split("\n\n")
)
_MOODLE_WRITTEN = (
    "identifier", "name", "email", "status", "grade", "maximum", "modified", "feedback"
)  # fmt: skip
# "Never": Moodle then keeps a grade that it already has, unless it is told to write over it.
_NEVER = "-"
_MOODLE_REMARK = (
    "Moodle takes this sheet only in English, and knows people by the number that each has in this "
    "one assignment. Surest is Moodle's own grading worksheet, filled in with --into FILE."
)


def write_canvas(
    reports: Sequence[Report], path: Path, roster: Roster | None = None
) -> tuple[str, ...]:
    """Write the CSV of Canvas's "Import grades": a column per assignment, points possible on top.

    Return what has to be known about it.
    """
    points = dict(sorted((report.assignment, report.max_score) for report in reports))
    possible = [f"    {CANVAS_POINTS}", "", "", "", "", *map(number, points.values())]
    scores = {(report.student, report.assignment): _canvas_grade(report) for report in reports}
    people = _everybody(reports, roster)
    rows = [
        [*_canvas_person(person), *(scores.get((person.student, name), "") for name in points)]
        for person in people
    ]
    _write([[*CANVAS_PERSON, *points], possible, *rows], path)
    return _canvas_remarks(people)


def _canvas_grade(report: Report) -> str:
    return CANVAS_EXCUSED if report.excused else grade(report)


def _everybody(reports: Sequence[Report], roster: Roster | None) -> list[Person]:
    """The students of the roster in its order, then who else submitted, each once."""
    found = members(sorted(reports, key=lambda report: report.student), roster)
    everybody = {member.person.student: member.person for member in found}
    numbered = {one.person.student: one.person for one in found if any(one.person.numbered or ())}
    return list((everybody | numbered).values())


def _canvas_person(person: Person) -> list[str]:
    name = person.name or name_given(person) or person.student
    return [inert(name), *_canvas_ids(person), inert(person.section)]


def _canvas_ids(person: Person) -> list[str]:
    """The ids of the roster; without any, what the handle tells."""
    ids = [person.id(kind) for kind in CANVAS_IDS.values()]
    if any(ids):
        return ids
    own = number_given(person, "canvas")
    return [own, "", "" if own else inert(person.student)]


def _canvas_remarks(people: Sequence[Person]) -> tuple[str, ...]:
    computed, changed = [], []
    for person in people:
        ids = _canvas_ids(person)
        if any(map(computes, ids)):
            computed.append(person.student)
        elif ids[2] == inert(person.student) != person.student:
            changed.append(person.student)
    return (
        *about("A spreadsheet would compute an ID; import the file unopened", computed),
        *about("Changed so that no spreadsheet computes it; Canvas may not know it", changed),
    )


def write_moodle(
    reports: Sequence[Report], path: Path, roster: Roster | None = None
) -> tuple[str, ...]:
    """Write the "offline grading worksheet" of one Moodle assignment, feedback included.

    Return what has to be known about it.
    """
    one_assignment(reports)
    english = MOODLE_LANGUAGES[0]
    points = number(max(report.max_score for report in reports))
    found = members(reports, roster)
    rows = [_moodle_row(member, points) for member in found]
    _write([[english[column][0] for column in _MOODLE_WRITTEN], *rows], path)
    unknown = [m.person.student for m in found if not moodle_number(m.person)]
    return (_MOODLE_REMARK, *about("Without Identifier, which Moodle passes over", unknown))


def one_assignment(reports: Sequence[Report]) -> None:
    """Refuse what Moodle takes only one at a time."""
    if len({report.assignment for report in reports}) > 1:
        raise UsageError(
            "Moodle takes one worksheet for each assignment. Name the folder of one, "
            f"such as results/{reports[0].assignment}."
        )


def _moodle_row(member: Member, points: str) -> list[str]:
    person, report = member.person, member.report
    handle = person.student
    own = moodle_number(person)
    email = person.email or (handle if "@" in handle else "")
    name = person.name or name_given(person) or ("" if email == handle else handle)
    return [
        f"Participant {own}" if own else "",
        inert(name),
        inert(email),
        "Submitted for grading" if report and report.submitted else "No submission",
        grade(report),
        number(report.max_score) if report else points,
        _NEVER,
        inert(feedback(report), limit=2000) if report else "",
    ]


def moodle_number(person: Person) -> str:
    """The participant's number; the roster may have it as "Participant 4711".

    That is of another assignment, where Moodle has named what was submitted to this one.
    """
    if person.numbered and person.numbered[1]:
        return number_given(person, "moodle")
    told = re.search(r"(?<!\d)\d+$", person.id("moodle_id"))
    return told[0] if told else number_given(person, "moodle")


def number_given(person: Person, system: str) -> str:
    """A system's number for somebody, from its name for what they submitted.

    A handle may look the same, as "smith_12" does, and says nothing of a system: that of a roster,
    or of a plain folder.
    """
    if person.numbered is None:
        return "" if person.on_roster else split_handle(person.student)[1]
    return person.numbered[1] if person.numbered[0] == system else ""


def name_given(person: Person) -> str:
    """What a system calls somebody of whom only the handle is known."""
    if person.on_roster:
        return ""
    return in_handle(person)[0]


def in_handle(person: Person) -> tuple[str, str]:
    """The name and number in a handle that a system has made, or may have."""
    _, number = person.numbered or ("", "")
    made = person.numbered is None or (number and person.student.endswith(f"_{number}"))
    return split_handle(person.student) if made else ("", "")


def split_handle(handle: str) -> tuple[str, str]:
    """The name and number in a handle of a learning management system's form; empty in others."""
    found = _HANDLE.fullmatch(handle)
    return (found["who"], found["number"]) if found else ("", "")


def feedback(report: Report) -> str:
    """What a student reads in a single cell: the first remark of each exercise with a fault."""
    told = [f"{part.id}: {part.remarks[0]}" for part in report.exercises if part.remarks]
    counted = [report.counted.why] if report.counted else []
    return " / ".join([*counted, *([report.reason] if report.reason else told)])


def grade(report: Report | None) -> str:
    """The points; empty where nothing was submitted or graded, or counts, which is not 0."""
    score = score_of(report)
    return "" if score is None else number(score)


def about(what: str, names: Sequence[str]) -> tuple[str, ...]:
    """A remark on some people, none where it concerns nobody."""
    if not names:
        return ()
    shown = ", ".join(one_line(name, 60) for name in names[:_MOST])
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return (f"{what}: {shown}{more}.",)


def _write(rows: Iterable[Sequence[str]], path: Path) -> None:
    # Both importers read UTF-8 with the mark at its start: Canvas looks for "Student" anywhere in
    # the first cell and exports with the mark where its user likes, Moodle takes the mark off.
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    door.put(path, text.getvalue().encode(FOR_EXCEL))


WRITERS: dict[str, Callable[[Sequence[Report], Path, Roster | None], tuple[str, ...]]] = {
    "canvas": write_canvas,
    "moodle": write_moodle,
}

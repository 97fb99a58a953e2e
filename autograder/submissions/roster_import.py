"""Exports of learning management systems become people of the roster, and are added to it.

Canvas's gradebook, Moodle's grading worksheet and participants, Gradescope's roster and plain CSVs
are known by their columns. Nobody is left out in silence: whoever is not taken is in a remark, and
so is every handle that had to be chosen.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.errors import UsageError
from autograder.model import Person
from autograder.submissions.only_writer import only_writer
from autograder.submissions.roster import (
    ID,
    IDS,
    STUDENT,
    Match,
    Roster,
    Row,
    Table,
    Whose,
    fold,
    heads_of,
    in_order,
    keys,
    label,
    listed,
    name_words,
    read_roster,
    read_table,
    write_roster,
)

Line = tuple[int, Person]  # somebody, and the line of the file that tells of them


@dataclass(frozen=True)
class Imported:
    """The people of one file, what the file is, and what was unclear in it."""

    people: tuple[Person, ...]
    source: str  # "Canvas gradebook"
    remarks: tuple[str, ...]


def import_roster(path: Path) -> Imported:
    """Read the people of an export.

    The handle is the user name; where there is none, the first part of the e-mail address if nobody
    else has it, else the whole address, else the name in plain letters. What must be one person's
    (an id, an e-mail) and stands in the rows of several is nobody's.

    The number in Moodle's grading worksheet ("Participant 4711") is not stored as moodle_id. It is
    no user id: everybody has another one in each assignment, and the folders of the submissions
    carry that. Stored, it would be wrong from the second assignment on, also in the grades that go
    back. E-mail and name tell who it is in all of them.

    Raises:
        UsageError: the file is no CSV, or no column tells who anybody is.
    """
    table = read_table(path)
    if any(map(_EMAIL.fullmatch, table.head)):
        raise UsageError(
            f"{path}: line 1 is a person. Put a line with the columns' names above it."
        )
    form = _form(table)
    if not form.columns.keys() & {"login", "name", "first", "last", "email", *IDS}:
        raise UsageError(
            f"{path}: no column holds user names, names or e-mail addresses; its columns: "
            f"{heads_of(table) or 'none'}. Export one that does. An anonymous assignment of "
            "Moodle names nobody: take the list of participants."
        )
    remarks = list(form.remarks)
    lines = _distinct(_taken(table, form, remarks), remarks)
    people = tuple(_with_handles(_without_shared(lines, remarks), remarks))
    said = (*remarks, *_unknown_roles(people))
    return Imported(people, form.source, tuple(f"{path.name}: {remark}" for remark in said))


# --- what a file is ------------------------------------------------------------------------------

# What columns are called in English, German, French, Spanish, Portuguese, Italian and Dutch,
# without accents, hyphens and apostrophes; of two in a file, the one that is named sooner here.
_HEADS = {
    "login": "student, handle, username, user name, sis login id, login id, login, netid, net id,"
    "uid, user, user id, userid, account, benutzername, anmeldename, nom dutilisateur,"
    "nombre de usuario, usuario, nome de usuario, nome de utilizador, nome utente, gebruikersnaam",
    "email": "email, email address, mail, emailadresse, adresse de courriel, courriel,"
    "adresse email, adresse mail, direccion de correo, direccion de correo electronico,"
    "correo electronico, correo, endereco de email, indirizzo email, emailadres",
    "name": "full name, fullname, student name, display name, vollstandiger name, nom complet,"
    "nombre completo, nome completo, nome e cognome, cognome e nome, volledige naam,"
    "name, nom, nombre, nome, naam",
    "first": "first name, firstname, given name, first, vorname, prenom, primeiro nome, voornaam",
    "last": "last name, lastname, surname, family name, last, nachname, familienname,"
    "nom de famille, apellidos, apellido, sobrenome, apelido, cognome, achternaam",
    "section": "section, sections, section name, group, groups, tutorial, lab, gruppe, gruppen,"
    "groupe, groupes, grupo, grupos, gruppo, gruppi, groep, groepen",
    "role": "role, roles, rolle, rollen, rol, papel, papeis, ruolo, ruoli",
    "sis_id": "sis user id, sis id, sid, student sis id, student id, student number, id number,"
    "matriculation number, matrikelnummer, idnummer, numero didentification, numero de id,"
    "numero de identificacion, numero de identificacao, codice identificativo, matricola,"
    "studentnummer",
}
_OWN_HANDLES = ("student", "handle")  # no system's user names but the course's
_CANVAS = "Canvas gradebook"
_MOODLES = {  # what Moodle calls an e-mail address
    "email address", "emailadresse", "adresse de courriel", "direccion de correo",
    "endereco de email", "indirizzo email", "emailadres",
}  # fmt: skip
_PARTICIPANT = re.compile(  # where Moodle is not English, there is no space
    r"(\D+ |teilnehmer/in|participante?|partecipante|deelnemer)\d+", re.IGNORECASE
)
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")
_OF_NOBODY = ("section", "course", "assignment", "submission", "group", "account", "attempt")
_POINTS = ["points", "possible"]
_TEST_STUDENT = ["student", "test"]


@dataclass(frozen=True)
class _Form:
    """What a file is, and which column holds what."""

    source: str
    columns: Mapping[str, int]
    remarks: tuple[str, ...] = ()

    @property
    def is_canvas(self) -> bool:
        return self.source == _CANVAS


def _words(text: str) -> list[str]:
    return re.split(", ?", text)


def _form(table: Table) -> _Form:
    heads = [" ".join(name_words(head)) for head in table.head]
    if "id" in heads and (any(h.startswith("sis ") for h in heads) or _has_points(table)):
        return _canvas(heads, table)
    columns = _columns(heads, table)
    numbered = all(_PARTICIPANT.fullmatch(row.cells[0]) for row in table.rows)
    if table.rows and numbered and 0 not in columns.values():
        return _worksheet(columns)
    if "sid" in heads and "email" in columns:
        columns["gradescope_id"] = columns.pop("sis_id")
        return _Form("Gradescope roster", columns)
    if {"first", "last", "email"} <= columns.keys() and set(heads) & _MOODLES:
        return _participants(columns)
    return _Form("plain table", _plain(heads, columns, table))


def _columns(heads: Sequence[str], table: Table) -> dict[str, int]:
    """Where each field is, by the heads; e-mail addresses also by what they look like."""
    found = {
        field: heads.index(word)
        for field, words in _HEADS.items()
        for word in reversed(_words(words))
        if word in heads
    }
    if "name" in found and ("first" in found) != ("last" in found):
        found["last" if "first" in found else "first"] = found.pop("name")  # Prénom, Nom
    emails = [at for at in range(len(heads)) if _are_emails(table, at)]
    if "email" not in found and emails:
        found["email"] = emails[0]
    if "login" in found and heads[found["login"]] not in _OWN_HANDLES:
        found["login_id"] = found["login"]
    return found | _other_ids(heads, found)


def _are_emails(table: Table, at: int) -> bool:
    values = [row.cells[at] for row in table.rows if row.cells[at]]
    return bool(values) and all(map(_EMAIL.fullmatch, values))


def _other_ids(heads: Sequence[str], found: Mapping[str, int]) -> dict[str, int]:
    """Columns of other systems' ids: canvas_id, github_id, "GitHub ID"."""
    parts = {at: head.split() for at, head in enumerate(heads) if at not in found.values()}
    return {
        "_".join(words): at
        for at, words in parts.items()
        if len(words) > 1 and words[-1] == "id" and words[0] not in _OF_NOBODY
    }


def _has_points(table: Table) -> bool:
    return any(name_words(row.cells[0]) == _POINTS for row in table.rows[:3])


def _canvas(heads: Sequence[str], table: Table) -> _Form:
    heads = ["full name" if head == "student" else head for head in heads]
    return _Form(_CANVAS, {**_columns(heads, table), "canvas_id": heads.index("id")})


def _worksheet(columns: Mapping[str, int]) -> _Form:
    """Moodle's grading worksheet: the second column is the name, unless nobody is named.

    A group in it is who submits together, and no section.
    """
    known = {field: at for field, at in columns.items() if field != "section"}
    if "email" in known and not known.keys() & {"name", "first"} and 1 not in known.values():
        known["name"] = 1
    return _Form("Moodle grading worksheet", known)


def _participants(columns: Mapping[str, int]) -> _Form:
    remark = (
        "Nothing says who teaches: everybody is a student now. Give teachers another role in the "
        "roster."
    )
    return _Form("Moodle participants", columns, () if "role" in columns else (remark,))


def _plain(heads: Sequence[str], columns: Mapping[str, int], table: Table) -> dict[str, int]:
    known = dict(columns)
    login = known.get("login")
    if login is not None and not known.keys() & {"name", "first"} and _are_names(table, login):
        known["name"] = known.pop("login")
        known.pop("login_id", None)
    if "id" in heads:
        known.setdefault("sis_id" if "login" in known else "login", heads.index("id"))
    return known


def _are_names(table: Table, at: int) -> bool:
    return sum(" " in row.cells[at] for row in table.rows) * 2 > len(table.rows)


# --- who is in it --------------------------------------------------------------------------------

_AND = re.compile(r", and | and |, ")
_SHORTENED = re.compile(r"\d([.,]\d+)?E\+\d+", re.IGNORECASE)


def _taken(table: Table, form: _Form, remarks: list[str]) -> Iterator[Line]:
    """The people of the rows, without handles where there are no user names."""
    sections = _canvas_sections(table, form) if form.is_canvas else {}
    for row in table.rows:
        cells = {field: _cell(row.cells[at]) for field, at in form.columns.items()}
        cells["section"] = sections.get(cells.get("section", ""), cells.get("section", ""))
        why_not = _why_not(row, cells, len(table.head), form)
        if why_not:
            remarks.append(f"Line {row.line} is not taken: {why_not}.")
            continue
        remarks += _unreadable(row.line, cells)
        yield row.line, _person(cells)


def _canvas_sections(table: Table, form: _Form) -> dict[str, str]:
    """How sections are listed that Canvas names in a sentence, as in "Lab 1 and Lab 2".

    A section may itself have an "and" in its name: a sentence names one that stands alone
    elsewhere, or in another sentence as well.
    """
    at = form.columns.get("section")
    told = {_cell(row.cells[at]) for row in table.rows} if at is not None else set[str]()
    parts = {text: _AND.split(text) for text in told if _AND.search(text)}
    count = Counter(part for own in parts.values() for part in own)
    known = (told - parts.keys()) | {part for part, times in count.items() if times > 1}
    several = {text for text, own in parts.items() if len(own) > 2 or known.intersection(own)}
    return {text: ", ".join(parts[text]) for text in several}


def _cell(text: str) -> str:
    """A value in one line; empty where it is only a dash or the like."""
    visible = "".join(" " if unicodedata.category(c) == "Cc" else c for c in text)
    return " ".join(visible.split()) if re.search(r"\w", visible) else ""


def _why_not(row: Row, cells: Mapping[str, str], width: int, form: _Form) -> str:
    shown = next(filter(None, row.cells), "")
    ids = [value for field, value in cells.items() if field.endswith(ID) and value]
    if any(row.cells[width:]):
        return f"it has {len(row.cells)} values for {width} columns"
    if form.is_canvas and not ids:
        return f'"{shown}" has no ID, so it is no person'
    if form.is_canvas and sorted(name_words(_name(cells))) == _TEST_STUDENT:
        return f'"{shown}" is Canvas\'s test student'
    known = [*ids, cells.get("login", ""), cells.get("email", ""), _name(cells)]
    if not any(known):
        return "it has neither user name, name nor e-mail"
    if all(map(_SHORTENED.fullmatch, filter(None, known))):
        return f'"{shown}" was shortened by a spreadsheet. Import the file as it was downloaded'
    return ""


def _unreadable(line: int, cells: Mapping[str, str]) -> Iterator[str]:
    """Values that cannot be what their column should hold."""
    for field, value in cells.items():
        if field == "email" and value and not _EMAIL.fullmatch(value):
            yield f'Line {line}: "{value}" is not one e-mail address and is left out.'
        of_id = field.endswith(ID) or (field == "login" and "login_id" not in cells)
        if of_id and _SHORTENED.fullmatch(value):
            what = "user name" if field == "login" else label(field)
            yield (
                f'Line {line}: the {what} "{value}" was shortened by a spreadsheet and is '
                "left out. Import the file as it was downloaded."
            )


def _person(cells: Mapping[str, str]) -> Person:
    login, email = cells.get("login", ""), cells.get("email", "")
    if _EMAIL.fullmatch(login):
        login, email = "", email or login
    if _SHORTENED.fullmatch(login):
        login = ""  # several people's, perhaps: they get another handle
    ids = {
        field: value
        for field, value in cells.items()
        if field.endswith(ID) and not _SHORTENED.fullmatch(value)
    }
    return Person(
        login,
        _name(cells),
        email if _EMAIL.fullmatch(email) else "",
        cells.get("section", ""),
        _role(cells.get("role", "")),
        in_order(ids),
    )


def _name(cells: Mapping[str, str]) -> str:
    """The name, given name first: "Doe, Jane" is Jane Doe."""
    last, *others = (part.strip() for part in cells.get("name", "").split(","))
    split = [cells.get("first", ""), cells.get("last", "")]
    return " ".join(filter(None, [*others[:1], last, *others[1:]] if last else split))


_ROLES = {
    STUDENT: "student, studentenrollment, learner, participant, teilnehmerin, teilnehmer,"
    "etudiant, estudiante, estudante, aluno, studente, deelnemer",
    "instructor": "instructor, teacher, teacherenrollment, professor, lecturer, trainerin, trainer,"
    "dozentin, dozent, enseignant, profesor, docente, docent, leraar",
    "ta": "ta, taenrollment, teaching assistant, assistant, tutor, grader, reader,"
    "nonediting teacher, trainerin ohne bearbeitungsrecht, enseignant non editeur,"
    "profesor sin permiso de edicion",
    "observer": "observer, observerenrollment, auditor, guest",
    "designer": "designer, designerenrollment",
}


def _role(text: str) -> str:
    """The roster's word for a role; unknown ones stay as they are."""
    called = " ".join(name_words(text))
    known = (role for role, words in _ROLES.items() if called in _words(words))
    return next(known, text.lower() or STUDENT)


def _distinct(lines: Iterator[Line], remarks: list[str]) -> list[Line]:
    """Everybody once, though a file may have a row for each of their sections."""
    known: defaultdict[tuple[str, str], list[Line]] = defaultdict(list)
    kept = []
    for line, person in lines:
        alike = [one for key in _keys(person) for one in known[key] if _agree(one[1], person)]
        if alike:
            there, first = alike[0]
            other = person.section if person.section != first.section else ""
            left = f"; the section {other} is left out" if other else ""
            remarks.append(f"Line {line} is not taken: it is the person of line {there}{left}.")
            continue
        kept.append((line, person))
        for key in _keys(person):
            known[key].append((line, person))
    return kept


def _keys(person: Person) -> list[tuple[str, str]]:
    return [(what, compared) for what, _, compared in keys(person)]


def _agree(one: Person, other: Person) -> bool:
    """Whether two rows may be one person's: nothing in one contradicts the other."""
    first, second = dict(_keys(one)), dict(_keys(other))
    differ = any(first[what] != second[what] for what in first.keys() & second.keys())
    return not differ and _names_agree(one.name, other.name)


def _names_agree(one: str, other: str) -> bool:
    """Whether two names may be one person's: Jane Doe and Jane Mary Doe."""
    first, second = set(name_words(one)), set(name_words(other))
    return first <= second or second <= first


def _without_shared(lines: Sequence[Line], remarks: list[str]) -> list[Line]:
    """The people without what stands in the rows of several of them."""
    where: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for line, person in lines:
        for key in _keys(person):
            where[key].append(line)
    shared = {key: there for key, there in where.items() if len(there) > 1}
    unusual = {label(kind) for _, person in lines for kind, _ in person.ids if kind not in IDS}
    groups = sorted(unusual & {what for what, _ in shared})  # departments, for example
    remarks += (
        f"The {what} is left out: it is no person's, but several people's." for what in groups
    )
    for (what, word), there in shared.items():
        if what not in groups:
            called = "user name" if what == "handle" else what
            on = listed(map(str, there))
            remarks.append(f'The {called} "{word}" is left out: it is on lines {on}.')
    return [(line, _without(person, groups, shared.keys())) for line, person in lines]


def _without(
    person: Person, groups: Collection[str], shared: Collection[tuple[str, str]]
) -> Person:
    gone = {key[0] for key in _keys(person) if key[0] in groups or key in shared}
    return replace(
        person,
        student="" if "handle" in gone else person.student,
        email="" if "e-mail" in gone else person.email,
        ids=tuple((kind, value) for kind, value in person.ids if label(kind) not in gone),
    )


# --- handles -------------------------------------------------------------------------------------


def _with_handles(lines: Sequence[Line], remarks: list[str]) -> list[Person]:
    """Everybody with a handle of their own."""
    people = [person for _, person in lines]
    locals_ = Counter(fold(_local(person)) for person in people if person.email)
    taken = {fold(person.student) for person in people if person.student}
    chosen: defaultdict[str, list[Person]] = defaultdict(list)
    named = []
    for person in people:
        if not person.student:
            alone = locals_[fold(_local(person))] == 1
            handle, how = next(h for h in _handles(person, alone=alone) if fold(h[0]) not in taken)
            taken.add(fold(handle))
            person = replace(person, student=handle)
            chosen[how].append(person)
        named.append(person)
    remarks += (_on_handles(how, handles) for how, handles in chosen.items())
    return named


def _local(person: Person) -> str:
    return person.email.partition("@")[0]


def _handles(person: Person, *, alone: bool) -> Iterator[tuple[str, str]]:
    """What somebody without a user name could be called, the best first, and after what."""
    words = name_words(person.name)
    plain = "-".join(filter(None, ("".join(filter(str.isascii, word)) for word in words)))
    if alone:
        yield _local(person), "the first part of the e-mail address"
    if person.email:
        yield person.email, "the whole e-mail address"
    if plain:
        yield plain, "the name"
    for kind, value in person.ids:
        yield value, f"the {label(kind)}"
    if words:
        yield "-".join(words), "the name"
    start = plain or "-".join(words) or STUDENT
    for number in itertools.count(2):
        yield f"{start}-{number}", "the name and a number, because others have that name"


def _on_handles(how: str, people: Sequence[Person]) -> str:
    return f"Without a user name, the handle is {how}: {_people(people)}."


# --- adding them to the roster -------------------------------------------------------------------


def add(imports: Iterable[Imported], path: Path) -> tuple[Roster, list[tuple[str, ...]]]:
    """Add the people of one export after the other to a roster's file, or begin it.

    Who does so at the same time waits. Return the roster, and what to know about each export.

    Raises:
        UsageError: the roster has faults.
        InfrastructureError: it cannot be written.
    """
    remarks = []
    with only_writer(path):
        roster = read_roster(path) if path.exists() else Roster()
        for imported in imports:
            people, said = merge(roster, imported.people)
            roster = Roster(people)
            remarks.append(said)
        write_roster(roster.people, path)
    return roster, remarks


def merge(old: Roster, new: Sequence[Person]) -> tuple[tuple[Person, ...], tuple[str, ...]]:
    """Add an export's people to a roster: ids to whom it knows, then whom it does not know.

    Nobody leaves the roster, and what it says stays. Return its people, and what to know about it.
    """
    matches = list(zip(new, _matches(old, new), strict=True))
    known = {match.person: person for person, match in matches if match.person}
    unknown = [person for person, match in matches if match == Match()]
    added = _with_free_handles(unknown, old)
    people = [_completed(p, known[p]) if p in known else p for p in old.people]
    remarks = [
        f"{person.name or person.student} is not added: {match.problem}"
        for person, match in matches
        if match.problem
    ]
    if old.people:
        by_name = [match.person for _, match in matches if match.how == "name"]
        remarks += _on_known(known, [person for person in by_name if person])
        remarks += _on_others(unknown, added, [p for p in old.students if p not in known])
    return (*people, *added), tuple(remarks)


def _on_known(known: Mapping[Person, Person], by_name: Sequence[Person]) -> Iterator[str]:
    if by_name:
        yield f"Known by the name alone: {_people(by_name)}."
    for person, new in known.items():
        if person.section and new.section and person.section != new.section:
            yield f"{person.student} stays in section {person.section}, not {new.section}."


def _on_others(
    unknown: Sequence[Person], added: Sequence[Person], missing: Sequence[Person]
) -> Iterator[str]:
    if added:
        yield f"New in the roster: {_people(added)}."
    for before, now in zip(unknown, added, strict=True):
        if before.student != now.student:
            yield f"{now.student} is not called {before.student}: somebody else has that handle."
    if missing:
        yield f"Not in the file, but still in the roster: {_people(missing)}."


def _people(people: Sequence[Person]) -> str:
    noun = "person" if len(people) == 1 else "people"
    return f"{len(people)} {noun} ({listed(person.student for person in people)})"


def _with_free_handles(new: Sequence[Person], old: Roster) -> list[Person]:
    taken = {fold(person.student) for person in old.people}
    added = []
    for person in new:
        others = (handle for handle, _ in _handles(person, alone=False))
        handles = itertools.chain([person.student], others)
        handle = next(handle for handle in handles if fold(handle) not in taken)
        taken.add(fold(handle))
        added.append(replace(person, student=handle))
    return added


def _completed(known: Person, new: Person) -> Person:
    return replace(
        known,
        name=known.name or new.name,
        email=known.email or new.email,
        section=known.section or new.section,
        ids=in_order({**dict(new.ids), **dict(known.ids)}),
    )


def _matches(old: Roster, new: Sequence[Person]) -> list[Match]:
    """Who each is in the roster: first by ids and e-mails, so that no name takes their place."""
    sure = [_by_id_or_email(old, person) for person in new]
    claimed = {match.person for match in sure}
    left = Roster(tuple(person for person in old.people if person not in claimed))
    found = [
        _by_handle_or_name(left, person) if match == Match() else match
        for match, person in zip(sure, new, strict=True)
    ]
    claims = Counter(match.person.student for match in found if match.person)
    return [_alone(match, claims) for match in found]


def _alone(match: Match, claims: Mapping[str, int]) -> Match:
    if match.person and claims[match.person.student] > 1:
        return Match(problem=f"several people of the file may be {match.person.student}.")
    return match


def _by_id_or_email(old: Roster, new: Person) -> Match:
    ids = [person for kind, value in new.ids for person in old.having(kind, value)]
    found = list(dict.fromkeys([*ids, *old.having("email", new.email)]))
    if len(found) > 1:
        whose = listed(person.student for person in found)
        return Match(problem=f"its ids and e-mail are those of several people: {whose}.")
    return _unless(found[0], "id or e-mail", _other_id(found[0], new)) if found else Match()


def _unless(known: Person, how: str, contrary: str) -> Match:
    if contrary:
        return Match(problem=f"it may be {known.student}, but {contrary}. Correct the roster.")
    return Match(known, how)


def _other_id(known: Person, new: Person) -> str:
    there = {what: (word, compared) for what, word, compared in keys(known)}
    for what, word, compared in keys(new):
        written, other = there.get(what, ("", compared))
        if what.endswith(" id") and compared != other:
            return f"the {what} is {word} and in the roster {written}"
    return ""


def _by_handle_or_name(left: Roster, new: Person) -> Match:
    ids = [(kind.removesuffix(ID), value) for kind, value in new.ids] or [("", "")]
    asked = [Whose(new.student, new.name, new.email, system, value) for system, value in ids]
    matches = [left.find(whose) for whose in asked]
    problem = next((match.problem for match in matches if match.problem), "")
    found = {match.person: match.how for match in matches if match.person}
    if problem or not found:
        return Match(problem=problem)
    if len(found) > 1:
        return Match(problem=f"it may be any of {listed(p.student for p in found)}.")
    ((known, how),) = found.items()
    return _unless(known, how, _other_id(known, new) or _other_words(known, new))


def _other_words(known: Person, new: Person) -> str:
    """What contradicts that they are one person, though they have a handle or name in common."""
    if fold(new.id("login_id")) == fold(known.student):
        return ""  # a system's user name: no mere likeness
    if not _names_agree(known.name, new.name):
        return f"the name is {new.name} and in the roster {known.name}"
    if known.email and new.email and fold(_local(known)) != fold(_local(new)):
        return f"the e-mail is {new.email} and in the roster {known.email}"
    return ""


# --- what is unclear in a roster -----------------------------------------------------------------


def check(roster: Roster) -> tuple[str, ...]:
    """Say how many people there are, and what may keep a submission from finding its owner."""
    return (
        _size(roster),
        *_without_what_others_have(roster.students),
        *_equal_names(roster),
        *_unknown_roles(roster.people),
        *_without_address(roster.people),
    )


def _size(roster: Roster) -> str:
    sections = len({person.section for person in roster.students if person.section})
    roles = Counter(person.role for person in roster.people if person.role != STUDENT)
    staff = ", ".join(f"{number} {role}" for role, number in sorted(roles.items()))
    return (
        f"{_count(len(roster.students), 'student')} in {_count(sections, 'section')}, "
        f"{roles.total()} staff{staff and f' ({staff})'}."
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _without_what_others_have(students: Sequence[Person]) -> Iterator[str]:
    ids = dict.fromkeys(kind for person in students for kind, _ in person.ids)
    fields = {"name": "name", "email": "e-mail", "section": "section"}
    for field, what in {**fields, **{kind: label(kind) for kind in ids}}.items():
        without = [p for p in students if not (p.id(field) or getattr(p, field, ""))]
        if 0 < len(without) < len(students):
            yield f"Without {what}, unlike others: {_people(without)}."


def _equal_names(roster: Roster) -> Iterator[str]:
    groups = dict.fromkeys(roster.named(person.name) for person in roster.people)
    for people in groups:
        if len(people) > 1:
            yield (
                f"One name, {people[0].name}: {listed(p.student for p in people)}. What a system "
                "hands over under the name alone is nobody's: give each an id or e-mail."
            )


def _unknown_roles(people: Sequence[Person]) -> Iterator[str]:
    unknown: defaultdict[str, list[str]] = defaultdict(list)
    for person in people:
        if person.role not in _ROLES:
            unknown[person.role].append(person.student)
    for role, students in unknown.items():
        yield (
            f'The role "{role}" is unknown ({listed(students)}): only students submit. '
            f"Roles are: {', '.join(_ROLES)}."
        )


def _without_address(people: Sequence[Person]) -> Iterator[str]:
    """Browsers take the dots out of an address, and what stands before two of them."""
    found = [p for p in people if {".", ".."} & {*p.student.split("/")}]
    if found:
        yield (
            "The live service has no page of whose handle is a folder's name, . or .., or has one "
            f"between slashes: {_people(found)}. Give them other handles."
        )

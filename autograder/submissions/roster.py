"""The people of a course: roster.csv is read and written here, and finds whose a submission is.

Its columns are student,name,email,section,role and ids. A column of an id is called canvas_id,
sis_id, login_id, moodle_id, gradescope_id, github_id or anything else that ends in ``_id``.
"""

from __future__ import annotations

import csv
import os
import re
import shutil
import unicodedata
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from autograder.errors import InfrastructureError, UsageError
from autograder.model import Person
from autograder.submissions import csv_text
from autograder.submissions.formats import Kind, decoded, recognise, shown

STUDENT = "student"  # the role of those who submit; anybody else is staff
ID = "_id"  # how the name of an id's column ends
_ABOUT = ("student", "name", "email", "section", "role")
IDS = ("canvas_id", "sis_id", "login_id", "moodle_id", "gradescope_id", "github_id")
_ALSO = {"canvas": ("sis_id", "login_id"), "gradescope": ("sis_id",)}  # the institution's own
_NUMBERED_ANEW = ("moodle",)  # each of its assignments gives everybody another number
_WRITTEN_IN = ("gradescope",)  # its ids are what somebody wrote into an account, right or wrong
_LABELS = {"sis": "SIS", "github": "GitHub"}
_MOST = 10  # faults or names in one message


@dataclass(frozen=True)
class Whose:
    """What is known of the person whom a submission belongs to, and from whom it is known."""

    handle: str  # as folders, files or systems give it: "ana", "doejane_4711", "ana@example.org"
    name: str = ""  # the person's name, where a system gives it
    email: str = ""
    system: str = ""  # who says so: "canvas", "moodle", "gradescope", "nbgrader"; "" for a folder
    id: str = ""  # that system's own number or key
    own_words: bool = False  # read from a file's name alone, which its student may have chosen


@dataclass(frozen=True)
class Match:
    """Who of the roster it is; or why that cannot be said, where it is not simply unknown."""

    person: Person | None = None
    how: str = ""  # by what: "handle", "Canvas id 4711", "e-mail", "name"
    problem: str = ""


@dataclass(frozen=True)
class _Evidence:
    """A word that speaks for people of the roster."""

    kind: str
    word: str
    people: tuple[Person, ...]
    certain: bool = False  # a system's own id: no name can contradict it

    @property
    def how(self) -> str:
        return f"{self.kind} {self.word}" if self.kind.endswith(" id") else self.kind


@dataclass(frozen=True)
class Roster:
    """The people of a course, in the order of their file."""

    people: tuple[Person, ...] = ()

    @cached_property
    def students(self) -> tuple[Person, ...]:
        """Those who submit."""
        return tuple(person for person in self.people if person.role == STUDENT)

    @cached_property
    def _index(self) -> Mapping[str, Mapping[str, tuple[Person, ...]]]:
        found: defaultdict[str, defaultdict[str, dict[Person, None]]]
        found = defaultdict(lambda: defaultdict(dict))
        for person in self.people:
            for kind, word in _known_by(person):
                found[kind][word][person] = None
        return {k: {word: tuple(own) for word, own in words.items()} for k, words in found.items()}

    def having(self, kind: str, word: str) -> tuple[Person, ...]:
        """Everybody with an e-mail ("email"), an id ("canvas_id") or any other of their words."""
        return self._index.get(kind, {}).get(_compared(kind, word), ()) if word else ()

    def named(self, name: str) -> tuple[Person, ...]:
        """Everybody who may be called so, whatever the order of the words and their accents."""
        words = name_words(name)
        found = [*self.having("name", "".join(words)), *self.having("name", _sorted_words(words))]
        return tuple(dict.fromkeys(found))

    def find(self, whose: Whose) -> Match:
        """Say who it is: the first of id, e-mail, handle and name that anybody has decides.

        Only a system's own id is beyond doubt: students can change their names, and with these
        what a system calls them. So nobody is found whom the roster knows under another id of that
        system, or where the system's name or e-mail is that of others. Moodle is different: it
        gives everybody a new number for each assignment, so another number contradicts nothing.
        Gradescope's id is written into an account: name and e-mail can contradict it.
        """
        found = next((one for one in self._evidence(whose) if one.people), None)
        if found is None:
            return Match()
        problem = _ambiguity(found) or self._contradiction(found, whose)
        return Match(problem=problem) if problem else Match(found.people[0], found.how)

    def borne_by_several(self, everybody: Iterable[Whose]) -> set[Whose]:
        """Those of a system whom this roster would take for one person: a name is no proof.

        Nor is an id that was written into two accounts.
        """
        same: defaultdict[tuple[str, str], dict[str, set[Whose]]] = defaultdict(
            lambda: defaultdict(set)
        )
        for whose in set(everybody):
            if whose.system and (person := self.find(whose).person):
                same[person.student, whose.system][_account(whose)].add(whose)
        return {w for own in same.values() if len(own) > 1 for each in own.values() for w in each}

    def _evidence(self, whose: Whose) -> Iterator[_Evidence]:
        """What may speak for somebody, in order of trust."""
        if not whose.own_words:
            yield from self._by_id(whose)
            yield _Evidence("e-mail", whose.email, self.having("email", whose.email))
        for kind in ("exact handle", "handle"):
            yield _Evidence("handle", whose.handle, self.having(kind, whose.handle))
        if not whose.own_words:
            yield from self._by_other_words(whose.handle)
            name = whose.name if whose.system else whose.name or whose.handle
            yield _Evidence("name", name, self.named(name))

    def _by_id(self, whose: Whose) -> Iterator[_Evidence]:
        own = whose.system + ID
        for kind in (own, *_ALSO.get(whose.system, ())):
            certain = kind == own and whose.system not in (*_NUMBERED_ANEW, *_WRITTEN_IN)
            yield _Evidence(label(kind), whose.id, self.having(kind, whose.id), certain)

    def _by_other_words(self, handle: str) -> Iterator[_Evidence]:
        yield _Evidence("e-mail", handle, self.having("email", handle))
        yield _Evidence("first part of the e-mail", handle, self.having("local", handle))
        kinds = [kind for kind in self._index if kind.endswith(ID)]
        people = {person: kind for kind in kinds for person in self.having(kind, handle)}
        shown = label(next(iter(people.values()))) if people else ""
        yield _Evidence(shown, handle, tuple(people))

    def _contradiction(self, found: _Evidence, whose: Whose) -> str:
        """What else is said of the person that cannot be true of somebody of the roster."""
        if found.certain:
            return ""
        person = found.people[0]
        but = _other_id(person, whose) or self._other_name(person, whose)
        but = but or self._other_email(person, whose) or self._strange(person, whose)
        return but and f'"{found.word}" is the {found.kind} of {person.student}, but {but}'

    def _other_name(self, person: Person, whose: Whose) -> str:
        called = self.named(whose.name)
        if not called or person in called:
            return ""
        return f'"{whose.name}" is the name of {listed(p.student for p in called)}.'

    def _other_email(self, person: Person, whose: Whose) -> str:
        having = self.having("email", whose.email)
        if not having or person in having:
            return ""
        return f'"{whose.email}" is the e-mail of {listed(p.student for p in having)}.'

    def _strange(self, person: Person, whose: Whose) -> str:
        """An id that somebody wrote into an account needs one more word that is true."""
        known = whose.email and person.email and fold(whose.email) != fold(person.email)
        if not known or whose.system not in _WRITTEN_IN or person in self.named(whose.name):
            return ""
        return f'neither the name "{whose.name}" nor the e-mail {whose.email} is that person\'s.'


def _ambiguity(found: _Evidence) -> str:
    if len(found.people) == 1:
        return ""
    return (
        f'"{found.word}" is the {found.kind} of several people of the roster: '
        f"{listed(person.student for person in found.people)}. Give each an id or e-mail there."
    )


def _account(whose: Whose) -> str:
    """What tells two accounts of one system apart."""
    if whose.system in _WRITTEN_IN and whose.email:
        return fold(whose.email)
    return whose.id or whose.handle


def _other_id(person: Person, whose: Whose) -> str:
    kind = whose.system + ID
    known = person.id(kind)
    if not (known and whose.id) or whose.system in _NUMBERED_ANEW:
        return ""
    if _compared(kind, known) == _compared(kind, whose.id):
        return ""
    return f"the {label(kind)} is {whose.id} and in the roster {known}: they are not the same."


# --- what people are known by --------------------------------------------------------------------


def fold(text: str) -> str:
    """A text as handles, e-mails and ids are compared: in any case and Unicode form."""
    return unicodedata.normalize("NFC", text).casefold()


_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)


def name_words(name: str) -> list[str]:
    """The words of a person's name without case, accents, hyphens and apostrophes."""
    apart = unicodedata.normalize("NFKD", name).casefold()  # a sign may hold capitals, as in "™"
    letters = unicodedata.normalize("NFKD", apart).translate(_LETTERS)
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    words = ("".join(filter(_is_letter, word)) for word in re.split(r"[\s,._]+", bare))
    return [word for word in words if word]


def _is_letter(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN"  # some scripts write vowels as marks


def _sorted_words(words: Iterable[str]) -> str:
    return " ".join(sorted(words))


def label(kind: str) -> str:
    """How a column of ids is called in a sentence: "Canvas id"."""
    system = kind.removesuffix(ID)
    return f"{_LABELS.get(system) or shown(system.capitalize(), 40)} id"


def keys(person: Person) -> list[tuple[str, str, str]]:
    """What nobody else may have: what it is, how it is written and how it is compared."""
    ids = [(label(kind), word, _compared(kind, word)) for kind, word in person.ids]
    handle = ("handle", person.student, fold(person.student))
    email = ("e-mail", person.email, fold(person.email))
    return [key for key in (handle, email, *ids) if key[1]]


def _known_by(person: Person) -> Iterator[tuple[str, str]]:
    """All words that a person is known by, each with its kind, as they are compared."""
    local = person.email.partition("@")[0]
    yield "exact handle", person.student
    for kind, word in [("handle", person.student), ("email", person.email), ("local", local)]:
        yield kind, fold(word)
    for kind, value in person.ids:
        yield kind, _compared(kind, value)
    words = name_words(person.name)
    yield "name", _sorted_words(words)
    for at in range(len(words)):  # Canvas squeezes "Doe, Jane" to doejane, whatever the surname is
        yield "name", "".join(words[at:] + words[:at])


def _compared(kind: str, word: str) -> str:
    if kind in ("exact handle", "name"):
        return word
    number = re.search(r"(?<!\d)\d+$", word) if kind.removesuffix(ID) in _NUMBERED_ANEW else None
    return number[0] if number else fold(word)  # some rosters have it as "Participant 4711"


def listed(names: Iterable[str]) -> str:
    """Names in a sentence, the first of many."""
    every = list(names)
    more = f" and {len(every) - _MOST} more" if len(every) > _MOST else ""
    return ", ".join(every[:_MOST]) + more


# --- tables --------------------------------------------------------------------------------------

_WORKBOOKS = (Kind.EXCEL, Kind.OLD_OFFICE, Kind.OPEN_DOCUMENT, Kind.PAGES)
_DELIMITERS = "\t;,"  # where two fit a file alike, the one that is rarer within a cell


@dataclass(frozen=True)
class Row:
    """One row of a table: the line on which it begins, and at least as many cells as its head."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A CSV without its blank rows."""

    head: tuple[str, ...]
    rows: tuple[Row, ...]


def heads_of(table: Table) -> str:
    """The names of a table's columns in a sentence."""
    return listed(shown(head, 40) for head in table.head)


def read_table(path: Path) -> Table:
    """Read a CSV with any usual delimiter and encoding, cells without the spaces around them.

    Raises:
        UsageError: there is no such file, or it is no CSV.
    """
    text = csv_text.without_separator(_text(path))
    parsed = [_parsed(text, delimiter) for delimiter in _DELIMITERS]
    rows, fault = max(parsed, key=lambda one: _fit(one[0]))
    if fault:
        raise UsageError(f"{path}, {fault}")
    head = rows[0].cells if rows else ()
    return Table(head, tuple(Row(r.line, _padded(r.cells, len(head))) for r in rows[1:]))


def _padded(cells: tuple[str, ...], width: int) -> tuple[str, ...]:
    return cells + ("",) * (width - len(cells))


def _text(path: Path) -> str:
    if not path.is_file():
        raise UsageError(f"{path}: there is no such file. Name a CSV.")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InfrastructureError(f"{path}: cannot be read ({error.strerror}).") from error
    kind = recognise(content, path.name)
    if kind in _WORKBOOKS:
        raise UsageError(f"{path}: is {kind}, not a CSV. Save it as CSV and name that file.")
    return decoded(content)


def _parsed(text: str, delimiter: str) -> tuple[list[Row], str]:
    """The rows up to the first that cannot be read, and what is wrong with that."""
    rows: list[Row] = []
    reader = csv_text.reader(text, delimiter)
    line = 1
    try:
        with csv_text.long_cells():
            for cells in reader:
                stripped = tuple(cell.strip() for cell in cells)
                if any(stripped):
                    rows.append(Row(line, stripped))
                line = reader.line_num + 1
    except csv.Error as error:
        return rows, f"line {line}: {_fault(error)}"
    return rows, ""


def _fault(error: csv.Error) -> str:
    if "field limit" in str(error):
        most = f"{csv_text.LONGEST_CELL:,}"
        return f'a cell has more than {most} letters. Take it out, or close its quote (").'
    return f'a quote (") is not closed, or not doubled ({error}).'


def _fit(rows: list[Row]) -> tuple[bool, int]:
    """How well a delimiter fits: it divides the head, and many rows like the head."""
    width = len(rows[0].cells) if rows else 0
    return width > 1, sum(len(row.cells) == width for row in rows)


# --- roster.csv ----------------------------------------------------------------------------------


def read_roster(path: Path) -> Roster:
    """Read a roster; only the column of handles, ``student``, has to be there.

    Raises:
        UsageError: there is no such file, or it has faults; the first ten of them are told.
    """
    if not path.exists():
        raise UsageError(
            f"{path}: there is no such file, but course.toml names it as the roster. Make it with: "
            'autograder roster import FILE. Or take the line roster = "..." out of course.toml.'
        )
    table = read_table(path)
    columns = _columns(table, path)
    lines = [(row.line, _person(row, columns)) for row in table.rows]
    faults = [*_faults_of_rows(table, columns), *_shared(lines)]
    if faults:
        raise UsageError(_told(path, sorted(faults)))
    return Roster(tuple(person for _, person in lines))


def _columns(table: Table, path: Path) -> dict[str, int]:
    """Where each column that counts is."""
    heads = [_head(cell) for cell in table.head]
    columns = {head: at for at, head in enumerate(heads) if head in _ABOUT or head.endswith(ID)}
    if "student" not in columns:
        there = f"Its columns are: {heads_of(table)}" if table.head else "It is empty"
        raise UsageError(
            f"{path}: has no column called student, for the handles. {there}. "
            "Rename the right one, or run: autograder roster import FILE"
        )
    twice = [head for head in columns if heads.count(head) > 1]
    if twice:
        called = listed(shown(head, 40) for head in twice)
        raise UsageError(f"{path}: has two columns called {called}. Keep one of them.")
    return columns


def _head(cell: str) -> str:
    return re.sub(r"[\s_]+", "_", cell.casefold().replace("e-mail", "email"))


def _person(row: Row, columns: Mapping[str, int]) -> Person:
    value = {head: row.cells[at] for head, at in columns.items()}
    student, name, email, section, role = (value.get(head, "") for head in _ABOUT)
    ids = {head: cell for head, cell in value.items() if head.endswith(ID)}
    return Person(student, name, email, section, role.lower() or STUDENT, in_order(ids))


def in_order(ids: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The ids that somebody has, those of the usual columns first."""
    return tuple((kind, ids[kind]) for kind in _sorted(ids) if ids[kind])


def _sorted(kinds: Collection[str]) -> list[str]:
    return [*(kind for kind in IDS if kind in kinds), *sorted(set(kinds).difference(IDS))]


Fault = tuple[int, str]  # a line and what is wrong there


def _faults_of_rows(table: Table, columns: Mapping[str, int]) -> Iterator[Fault]:
    for row in table.rows:
        if not row.cells[columns["student"]]:
            yield row.line, "the handle (student) is empty"
        if any(row.cells[len(table.head) :]):
            yield (
                row.line,
                f"there are {len(row.cells)} values for {len(table.head)} columns; put a value "
                "that holds the delimiter in quotes",
            )
        for head, at in columns.items():
            if any(unicodedata.category(character) == "Cc" for character in row.cells[at]):
                what = f"the {shown(head, 40)} holds a line break or another control character"
                yield row.line, what


def _shared(lines: Iterable[tuple[int, Person]]) -> Iterator[Fault]:
    """What a row has in common with one before it; of several things, the first."""
    first: dict[tuple[str, str], tuple[int, str]] = {}
    for line, person in lines:
        own = [(what, word, (what, compared)) for what, word, compared in keys(person)]
        known = [(what, word, *first[key]) for what, word, key in own if key in first]
        for what, word, there, written in known[:1]:
            alike = "" if word == written else f', written "{shown(written)}"'
            yield line, f'the {what} "{shown(word)}" is also on line {there}{alike}'
        for _, word, key in own:
            first.setdefault(key, (line, word))


def _told(path: Path, faults: list[Fault]) -> str:
    shown = [f"  line {line}: {what}." for line, what in faults[:_MOST]]
    more = [f"  and {len(faults) - _MOST} more."] if len(faults) > _MOST else []
    return "\n".join([f"{path}: correct what is wrong in the roster.", *shown, *more])


def write_roster(people: Iterable[Person], path: Path) -> None:
    """Write people as read_roster reads them: the whole new file or the old, never a part."""
    people = list(people)
    ids = _sorted({kind for person in people for kind, value in person.ids if value})
    rows = [[*(getattr(p, head) for head in _ABOUT), *map(p.id, ids)] for p in people]
    unfinished = path.with_name(f".{uuid.uuid4().hex}.tmp")
    try:
        with unfinished.open("x", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([[*_ABOUT, *ids], *rows])
        if path.exists():
            shutil.copymode(path, unfinished)  # whoever may not read the old file, not the new one
        os.replace(unfinished, path)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink()
        raise InfrastructureError(f"{path}: cannot be written ({error.strerror}).") from error

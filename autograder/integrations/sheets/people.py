"""Which row of a sheet is whose: by ids, and by a name only where it is one person's."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from autograder.errors import UsageError
from autograder.integrations.lms_grades import (
    in_handle,
)
from autograder.model import Person, Report
from autograder.report.people import as_submitted
from autograder.report.sanitize import one_line
from autograder.submissions.roster import Roster


@dataclass(frozen=True)
class Known:
    """By what somebody is known: in a row of the sheet, or here."""

    label: str
    ids: tuple[str, ...]  # one for each kind of the system's own ids, the surest first
    words: frozenset[str]  # other ids, of whatever kind
    names: frozenset[str]
    called: frozenset[str] = frozenset()  # the words of a name that a person or system gave
    number: str = ""  # the system's own number, where it is known from the submission alone
    row: int = 0

    @cached_property
    def tokens(self) -> frozenset[str]:
        """All of it; who is the same person shares one of them."""
        return frozenset({*self.ids, self.number, *self.words, *self.names} - {""})

    def shares_name(self, other: Known) -> bool:
        """Whether both are called the same, whichever name comes first."""
        return bool(self.names & other.names)

    def shares_word(self, other: Known) -> bool:
        """Whether both have a word that is theirs alone, and no name says that they are two."""
        says_otherwise = self.called and other.called and not self.called & other.called
        return bool(self.words & other.words) and not says_otherwise


Decide = Callable[[Known, Known], bool | None]  # the same person, somebody else, or unclear


def fold(text: str) -> str:
    """A text as it is compared: in any letter case and Unicode form."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def folded(*texts: str) -> frozenset[str]:
    """Several texts as they are compared, without the empty ones."""
    return frozenset(map(fold, texts)) - {""}


def name_forms(text: str) -> frozenset[str]:
    """A name's letters, in its own order ("Doe, Jane" becomes doejane) and by the alphabet."""
    words = re.findall(r"[^\W_]+", fold(text))
    return frozenset({"".join(words), "".join(sorted(words))} - {""})


def called(name: str) -> frozenset[str]:
    """The words of a name."""
    return frozenset(re.findall(r"[^\W_]+", fold(name)))


def names_of(person: Person) -> frozenset[str]:
    """A handle is a name only where nothing else is known of somebody."""
    known = person.ids or person.email
    told = person.name or in_handle(person)[0]
    return name_forms(told or ("" if known else person.student))


def in_canvas(known: Known, line: Known) -> bool | None:
    """The first id that both sides have decides; a number from a file needs the name's consent."""
    for own, theirs in zip(known.ids, line.ids, strict=True):
        if own and theirs:
            return own == theirs
    if known.shares_word(line):
        return True
    if known.number and line.ids[0]:
        return known.number == line.ids[0] and known.shares_name(line)
    return None


def in_moodle(known: Known, line: Known) -> bool | None:
    """Address and login are a person's own; the number is another in each assignment.

    So a number of another assignment, or of Moodle's list of people, can be somebody else's here.
    """
    if _same_address(known, line) or known.shares_word(line):
        return True
    if not known.number or known.number != line.number:
        return None
    if known.names and line.names:
        return known.shares_name(line)
    return not (known.ids[0] and line.ids[0])


def _same_address(known: Known, line: Known) -> bool:
    return bool(known.ids[0]) and known.ids[0] == line.ids[0]


def _surest(known: Known, lines: list[Known]) -> list[Known]:
    """Of several rows those with an id of the person's, where there are any: a login may be odd."""
    own = set(known.ids) - {""}
    return [line for line in lines if own & set(line.ids)] or lines


class People:
    """Who has results, and what the sheet may be asked about them."""

    def __init__(self, reports: Sequence[Report], roster: Roster | None) -> None:
        self._roster = roster
        self._known = {person.student: person for person in roster.people} if roster else {}
        numbered = sorted(reports, key=lambda report: any(report.handed_in.numbered or ()))
        self._reports = {report.student: report for report in numbered}
        self.handles = sorted(self._reports)

    def rows(
        self, lines: Sequence[Known], know: Callable[[Person], Known], decide: Decide
    ) -> tuple[dict[str, Known], list[str]]:
        """The row of each handle that has one, and the handles found by name alone."""
        index: defaultdict[str, list[Known]] = defaultdict(list)
        for line in lines:
            for token in line.tokens:
                index[token].append(line)
        namesakes = self._namesakes(know)
        found, by_name = {}, []
        for handle in self.handles:
            known = know(self.person(handle))
            found_at = {line.row: line for token in known.tokens for line in index[token]}
            near = [found_at[row] for row in sorted(found_at)]
            same = _surest(known, [line for line in near if decide(known, line)])
            if not same and self._may_be_named(handle):
                same = _by_name(known, near, namesakes, decide)
                by_name += [self.label(handle) for _ in same]
            if len(same) > 1:
                rows = ", ".join(str(line.row + 1) for line in same)
                raise UsageError(
                    f"{one_line(handle)}: the result fits the rows {rows} of the sheet. Correct "
                    "the ids in the roster, or take one of the rows out."
                )
            if same:
                found[handle] = same[0]
        return found, by_name

    def person(self, handle: str) -> Person:
        """The roster's person, or one of whom only the handle is known."""
        known = self._known.get(handle, Person(handle, on_roster=False))
        return as_submitted(known, self._reports[handle]) if handle in self._reports else known

    def label(self, handle: str) -> str:
        """How remarks call somebody."""
        name = self.person(handle).name
        return f"{name} ({handle})" if name else handle

    def _may_be_named(self, handle: str) -> bool:
        """With a roster, a stranger's handle is not taken for anybody's name."""
        return self._roster is None or handle in self._known

    def _namesakes(self, know: Callable[[Person], Known]) -> Counter[str]:
        """How many people bear each name, whether or not they submitted."""
        everybody = {**self._known, **{handle: self.person(handle) for handle in self.handles}}
        return Counter(name for person in everybody.values() for name in know(person).names)


def _by_name(
    known: Known, lines: Sequence[Known], namesakes: Counter[str], decide: Decide
) -> list[Known]:
    """The only row of this name, unless an id says that it is somebody else's."""
    same = [line for line in lines if known.shares_name(line)]
    alone = len(same) == 1 and max(namesakes[name] for name in known.names) == 1
    return same if alone and decide(known, same[0]) is None else []

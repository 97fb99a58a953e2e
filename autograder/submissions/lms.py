"""Learning management systems and exchanges: whose file it is, as their own naming says.

Canvas names a file doejane_LATE_4711_99887_week1-2.ipynb, Moodle a folder (or the start of a file)
"Jane Doe_4711_assignsubmission_file_", Gradescope a folder submission_123 beside a
submission_metadata.yml, nbgrader's exchange a folder ada+week1+time+random. The handle made of
it (doejane_4711) keeps the system's own number, by which the grades find their way back.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from autograder.course.moments import read_moment
from autograder.errors import UsageError
from autograder.submissions.door import opened
from autograder.submissions.formats import shown
from autograder.submissions.roster import Whose

METADATA = "submission_metadata.yml"
SYSTEMS = {
    "canvas": "Canvas",
    "moodle": "Moodle",
    "gradescope": "Gradescope",
    "nbgrader": "nbgrader's exchange",
    "blackboard": "Blackboard",
    "brightspace": "Brightspace",
}
_ANONYMOUS = re.compile(
    r"anon_(?P<late>LATE_)?(?P<id>[A-Za-z0-9]+)_(?P<number>\d+)_(?P<file>.+)", re.S
)
_CANVAS = re.compile(r"_(?P<late>LATE_)?(?P<id>\d+)(?=_(?P<number>\d+)_(?P<file>.+))", re.DOTALL)
_CANVAS_TEXT = re.compile(
    r"(?P<who>[^/]+)_(?P<late>LATE_)?(?P<id>\d+)_(?P<file>(?:text|link)\.html)", re.DOTALL
)
_BLACKBOARD = re.compile(
    r"(?P<who>[^/]+?)_attempt_(?P<at>\d{4}(?:-\d\d){5})(?:_(?P<file>.+)|\.txt)", re.S
)
_BRIGHTSPACE = re.compile(
    r"(?P<id>\d+)-\d+ - (?P<who>.+) - (?P<at>\w{3} \d\d?, \d{4} \d{3,4} [AP]M)"
)
_AGAIN = re.compile(r"-(?P<attempt>\d+)(?=\.\w+$|$)")  # the second, third, ... file of one name
_MOODLE_FOLDER = re.compile(  # a person may be called as another's folder: the end decides
    r"(?P<who>.+)_(?P<id>\d+)_assignsubmission_(?P<kind>file|onlinetext)_?", re.DOTALL
)
_MOODLE = re.compile(r"_(?P<id>\d+)_assignsubmission_(?P<kind>file|onlinetext)_?")
_GRADESCOPE = re.compile(r"submission_(?P<id>\d+)")
_EXCHANGE = re.compile(
    r"(?P<who>[^+]+)\+(?P<assignment>[^+]+)\+(?P<at>[^+]+(\+\d\d:?\d\d)?)\+(?P<random>[^+]+)"
)

_MOMENT = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[ T_](?P<time>\d\d:\d\d:\d\d)(?:[.,]\d+)? ?"
    r"(?P<zone>UTC|GMT|Z|[+-]\d\d(:?\d\d)?)?(?P<rest>.*)"
)


@dataclass(frozen=True)
class Named:
    """What a system's name for a file or folder says."""

    whose: Whose
    title: str = ""  # what the student had called the file; empty for a folder
    assignment: str = ""
    at: str = ""
    late: bool = False
    attempt: int = 0  # of files of one name
    number: int = 0  # the system's own for a submission: a later one has a larger one

    def is_like(self, others: Sequence[Named]) -> bool:
        """Whether its numbers are about as long as those of the same system's other names."""
        pairs = [(self.whose.id, [other.whose.id for other in others])]
        pairs += [(str(self.number), [str(other.number) for other in others if other.number])]
        return all(abs(len(own) - len(x)) < 2 for own, every in pairs for x in _usual(every))


def _usual(texts: Sequence[str]) -> Sequence[str]:
    """The one of middle length."""
    return sorted(texts, key=len)[len(texts) // 2 :][:1]


def of_folder(name: str) -> Named | None:
    """Read the name of a folder; None where no system names folders so."""
    if found := _MOODLE_FOLDER.fullmatch(name):
        return Named(_numbered("moodle", found["who"], found["id"]))
    if found := _BRIGHTSPACE.fullmatch(name):
        return Named(
            _numbered("brightspace", found["who"], found["id"]), at=_brightspace_moment(found["at"])
        )
    if found := _GRADESCOPE.fullmatch(name):
        return Named(Whose(name, system="gradescope"), number=int(found["id"]))
    if found := _EXCHANGE.fullmatch(name):
        whose = Whose(found["who"], system="nbgrader", id=found["who"])
        return Named(whose, assignment=found["assignment"], at=moment(found["at"]))
    return None


def of_file(name: str) -> Named | None:
    """Read the name of a file; None where no system names files so, the first of two readings."""
    return next(iter(readings(name)), None)


def readings(name: str) -> list[Named]:
    """All that a file's name may say, by each system: which one it is, the whole folder tells.

    Canvas puts two numbers between the person's words and the student's own, and either of these
    may hold numbers too; Blackboard puts the assignment's title before a user name, and either may
    hold underscores. Whatever a student has called the file stands behind the system's own words:
    the reading whose mark comes first comes first.
    """
    marks = [*_of_moodle(name), *_of_blackboard(name), *_of_canvas_names(name)]
    return [said for _, said in sorted(marks, key=lambda mark: mark[0])]


_Mark = tuple[int, Named]  # where a system's own words begin, and what they say


def _of_moodle(name: str) -> Iterator[_Mark]:
    for found in _MOODLE.finditer(name):
        if who := name[: found.start()]:
            title = name[found.end() :] or f"{found['kind']}.html"
            yield found.start("id"), Named(_numbered("moodle", who, found["id"]), title)


def _of_blackboard(name: str) -> Iterator[_Mark]:
    """The user's name may begin behind each underscore; where all others' does, it does."""
    if found := _BLACKBOARD.fullmatch(name):
        at = moment(re.sub(r"-(\d\d)-(\d\d)-(\d\d)$", r" \1:\2:\3", found["at"]))
        words = found["who"].split("_")
        for count in range(1, len(words)):
            who, title = "_".join(words[-count:]), "_".join(words[:-count])
            if who and title:
                whose = Whose(who, system="blackboard", id=who)
                file = found["file"] or "comments.txt"
                yield found.end("who"), Named(whose, file, assignment=title, at=at)


def _of_canvas_names(name: str) -> Iterator[_Mark]:
    if found := _ANONYMOUS.fullmatch(name):
        whose = Whose(f"anon_{found['id']}", system="canvas_anonymous", id=found["id"])
        yield found.start("id"), _of_canvas(whose, found)
        return
    files = [found for found in _CANVAS.finditer(name) if name[: found.start()]]
    for found in files:
        who = name[: found.start()]
        yield found.start("id"), _of_canvas(_numbered("canvas", who, found["id"]), found)
    if not files and (found := _CANVAS_TEXT.fullmatch(name)):
        whose = _numbered("canvas", found["who"], found["id"])
        yield found.start("id"), Named(whose, found["file"], late=bool(found["late"]))


def _of_canvas(whose: Whose, found: re.Match[str]) -> Named:
    again = _AGAIN.search(found["file"])
    attempt = int(again["attempt"]) if again else 0
    late, number = bool(found["late"]), int(found["number"])
    return Named(whose, found["file"], late=late, attempt=attempt, number=number)


def first_title(title: str) -> str:
    """What a file was called before a system told its attempts apart: week1-2.ipynb, week1.ipynb"""
    return _AGAIN.sub("", title)


def _brightspace_moment(text: str) -> str:
    """Oct 3, 2026 1159 PM"""
    try:
        found = datetime.datetime.strptime(text, "%b %d, %Y %I%M %p").isoformat()
    except ValueError:
        return ""
    return found if read_moment(found) else ""


def _numbered(system: str, who: str, number: str) -> Whose:
    return Whose(f"{who}_{number}", who, system=system, id=number)


def moment(text: str) -> str:
    """A time as systems write it, in ISO 8601; empty with a zone that many places call so: EST."""
    found = _MOMENT.match(text.strip())
    if found is None or found["rest"].strip():
        return ""
    zone = "+00:00" if found["zone"] in ("UTC", "GMT", "Z") else found["zone"] or ""
    known = read_moment(f"{found['day']}T{found['time']}{zone}")
    return known.isoformat() if known else ""


# --- Gradescope's list of who submitted what -----------------------------------------------------


@dataclass(frozen=True)
class Group:
    """The people of one submission, and when it was created."""

    members: tuple[Whose, ...]
    at: str


def groups(metadata: Path) -> dict[str, Group]:
    """Read submission_metadata.yml: the members of each submission, by the name of its folder."""
    try:
        with opened(metadata) as file:
            content = file.read()
        _refuse_depth(content)
        data = yaml.load(content, _LOADER)
        return {str(folder): _group(about) for folder, about in dict(data).items()}
    except _UNLIKE_GRADESCOPE as error:
        what = shown("".join(str(error).splitlines()[:1]) or type(error).__name__, 160)
        raise UsageError(
            f"{metadata}: cannot be read as Gradescope writes it ({what}). Export it again."
        ) from error


# the compiled reader: of a large class the file holds all that graders have printed
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MAX_DEPTH = 50  # of lists in lists
_UNLIKE_GRADESCOPE = (  # all that is raised where values are not what they say, or should be
    yaml.YAMLError, OSError, TypeError, ValueError, AttributeError, LookupError, ArithmeticError,
)  # fmt: skip


def _refuse_depth(content: bytes) -> None:
    """Refuse what the compiled reader, which knows no limit, would end the whole process over."""
    depth = 0
    for event in yaml.parse(content, _LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.ScalarEvent) and event.value == "<<" and event.implicit[0]:
            raise ValueError("a mapping that takes in others")  # many times as many, at each step
        if depth > _MAX_DEPTH:
            raise ValueError("lists in lists without an end")


def _group(about: Mapping[str, Any]) -> Group:
    people = about.get(":submitters") or []
    at = moment(_word(about.get(":created_at")))
    return Group(tuple(map(_submitter, people)), at)


def _submitter(person: Mapping[str, Any]) -> Whose:
    email, name, sid = (_word(person.get(f":{key}")) for key in ("email", "name", "sid"))
    handle = email or sid or name
    if not handle:
        raise ValueError("a submitter has neither e-mail nor name")
    return Whose(handle, name, email, "gradescope", sid)


def _word(value: Any) -> str:
    """A value as text; a list is none, and may stand for more text than any memory holds."""
    if isinstance(value, (list, dict, set, tuple)):
        raise TypeError("a list stands where a word should be")
    return str(value or "")

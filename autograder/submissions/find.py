"""Finds submissions: what was named -> trees -> whose everything is -> one job for each student.

Nobody is lost here: every file and folder ends in a job, as another file of one, or in a list of
what was passed over and why. What somebody must decide is an error that says so, before anything
is graded.
"""

from __future__ import annotations

import contextlib
import functools
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from autograder.course.layout import Course
from autograder.course.source import read_release
from autograder.errors import FileError, UsageError
from autograder.model import Assignment, HandedIn, Job, Person
from autograder.submissions import door, read
from autograder.submissions.attempts import MOST_SECONDS, choose
from autograder.submissions.copies import copies
from autograder.submissions.formats import GRADABLE, Kind, recognise_file
from autograder.submissions.layout import Claim, Layout, Reader, conflicts
from autograder.submissions.lms import moment
from autograder.submissions.pattern import Pattern
from autograder.submissions.roster import Match, Roster, Whose, listed
from autograder.submissions.tree import SUBMITTED, PassedOver, Tree, plant, trees

_WORK = tuple(kind for kind in GRADABLE if kind is not Kind.MARKDOWN)  # often a README
_TIMESTAMP = "timestamp.txt"  # in which nbgrader writes when something was submitted
_NO_PROOF = (
    "no proof of when it was submitted: anybody can write such a file. nbgrader's own lies in "
    f"{SUBMITTED}/<student>/<assignment>/"
)

_UNREAD = "no time that is known: write it as 2026-01-31 23:59:00 UTC, or with a zone such as -0500"


@dataclass
class Found:
    """The submissions of each assignment, one of each student, and what to know about them."""

    jobs: dict[str, list[Job]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    passed_over: list[PassedOver] = field(default_factory=list)
    # with a roster, for each assignment:
    handed_in: dict[str, int] = field(default_factory=dict)  # how many of its students did
    missing: dict[str, list[Person]] = field(default_factory=dict)  # who did not
    unknown: dict[str, list[str]] = field(default_factory=dict)  # handles that it does not know


def find(
    paths: Sequence[Path],
    course: Course,
    only: str | None = None,
    roster: Roster | None = None,
    layout: str | None = None,
) -> Found:
    """Return the submissions of each assignment, or of one only, in a stable order.

    Raises:
        UsageError: whose a file is, or of which assignment, must be said.
    """
    names = course.assignments()
    reader = Reader(names, roster, Pattern(layout, names) if layout else None)
    wanted = _known(only, names, reader) if only else None
    for path in paths:
        if not path.exists():
            raise UsageError(f"{path}: there is no such file or folder. Check the path.")
    planted = trees(paths, reader.class_zips(paths))
    return _Search(course, names, wanted, roster, reader).run(planted)


def of_one(folder: Path, course: Course, assignment: str, student: str) -> Job:
    """The job of one student, whose folder it is known to be.

    Raises:
        UsageError: no file lies there.
    """
    names = sorted({*course.assignments(), assignment})
    reader = Reader(names, None, None)
    layout = Layout()
    reader.give_all(plant(folder.resolve()), layout, student)
    jobs = _Search(course, names, assignment, None, reader).found(layout).jobs.get(assignment)
    if not jobs or jobs[0].problem:
        said = jobs[0].problem if jobs else f"No file was submitted. Submit {assignment}.ipynb."
        raise UsageError(f"{student}: {said}")
    return jobs[0]


def _numbered(came: HandedIn, whose: Whose) -> HandedIn:
    """With the number by which a system finds the student again, where it has named the file."""
    known = whose.system in ("canvas", "moodle", "brightspace") and whose.id
    return replace(came, system=whose.system, number=whose.id) if known else came


def _kind(path: Path) -> Kind:
    """What a file is; of one that cannot be reached its reader will say so."""
    try:
        return recognise_file(path)
    except OSError:
        return Kind.UNKNOWN


def _known(only: str, names: Sequence[str], reader: Reader) -> str:
    name = reader.assignment(only)
    if not name:
        raise UsageError(
            f"--assignment {only}: there is no such assignment. Take one of {', '.join(names)}."
        )
    return name


class _Search:
    """One search, with what it must know."""

    def __init__(
        self,
        course: Course,
        names: Sequence[str],
        only: str | None,
        roster: Roster | None,
        reader: Reader,
    ) -> None:
        self._course = course
        self._names = names
        self._only = only
        self._roster = roster
        self._reader = reader

    def run(self, planted: Iterable[Tree]) -> Found:
        """Read all trees together: one person may have submitted in several places."""
        layout = Layout()
        for tree in planted:
            read_one = self._reader.read(tree)
            layout.claims += read_one.claims
            layout.passed_over += read_one.passed_over
            layout.remarks += read_one.remarks
        found = self.found(layout)
        if not found.jobs:
            raise UsageError(_nothing(found))
        return found

    def found(self, layout: Layout) -> Found:
        """One job for each student and assignment, and what has to be said."""
        found = Found(remarks=layout.remarks, passed_over=layout.passed_over)
        for name, claims in self._by_assignment(layout.claims, found).items():
            people = self._by_student(claims, found)
            _refuse_conflicts(people)
            found.passed_over += _no_files(people.values())
            found.remarks += _other_owners(people)
            found.passed_over += _times_of_their_own(claims)
            found.passed_over += _unread_times(claims)
            found.jobs[name] = [self._job(name, *each) for each in sorted(people.items())]
            self._look_at(name, found)
        return found

    # --- of which assignment ---

    def _by_assignment(self, claims: Iterable[Claim], found: Found) -> dict[str, list[Claim]]:
        """The claims of each assignment; a file that names none goes with what it lies beside."""
        said = {claim: claim.assignment or self._said(claim) for claim in claims}
        beside: defaultdict[str, set[str]] = defaultdict(set)
        for claim, name in said.items():
            beside[claim.top] |= {name} - {""}
        everywhere = set[str]().union(*beside.values())
        sorted_out: dict[str, list[Claim]] = {}
        for claim, name in said.items():
            where = name or self._guess(claim, beside[claim.top], everywhere)
            if why := self._why_not(where):
                found.passed_over.append(PassedOver(claim.entry.shown, why))
            else:
                sorted_out.setdefault(where, []).append(claim)
        return dict(sorted(sorted_out.items()))

    def _said(self, claim: Claim) -> str:
        """What a path says; in a system's download for one assignment all files are for it."""
        of_system = claim.said.whose.system and self._only
        return self._only or "" if of_system else self._said_by_path(claim)

    def _said_by_path(self, claim: Claim) -> str:
        """The assignment after which a folder of the student's is called, or the file."""
        for part in claim.inner[:-1] if claim.entry.is_file else claim.inner:
            if name := self._reader.assignment(part):
                return name
        return self._reader.named_in(claim.inner[-1]) if claim.inner else ""

    def _guess(self, claim: Claim, beside: set[str], everywhere: set[str]) -> str:
        """The assignment of a file that names none; empty where nothing tells and nobody asks."""
        notebook = claim.entry.is_file and _kind(claim.entry.path) in _WORK
        if self._only:
            return self._only if notebook or not beside or self._only in beside else ""
        for names in (beside, everywhere, set(self._names)):
            if len(names) == 1:
                return next(iter(names))
            if names is beside and names:
                return ""
        if notebook:
            raise UsageError(
                f"{claim.entry.shown}: which assignment is it? "
                f"Add --assignment (one of {', '.join(self._names)})."
            )
        return ""

    def _why_not(self, name: str) -> str:
        """Why a file of this assignment is no part of this search; empty where it is."""
        if not name:
            return "names no assignment"
        if name not in self._names:
            return f"belongs to {name}, which is no assignment of this course"
        return "" if name == (self._only or name) else f"belongs to {name}"

    # --- whose ---

    def _by_student(self, claims: Sequence[Claim], found: Found) -> dict[str, list[Claim]]:
        """The claims of each student, under the roster's handle where it knows them."""
        people: defaultdict[str, list[Claim]] = defaultdict(list)
        problems: dict[str, None] = {}
        everybody = (claim.whose for claim in claims)
        doubtful = self._roster.borne_by_several(everybody) if self._roster else set[Whose]()
        for claim in claims:
            match = self._roster.find(claim.whose) if self._roster else Match()
            known = None if claim.whose in doubtful else match.person
            if match.person and not known:
                whom = f"the {match.how} of {match.person.student}"
                problems[f"{claim.top}: several people have {whom}: each is kept apart"] = None
            if match.problem:
                problems[f"{claim.top}: {match.problem}"] = None
            how = f"{claim.how}; in the roster by {match.how}" if known else claim.how
            student = known.student if known else claim.whose.handle
            people[student].append(replace(claim, how=how))
        found.remarks += problems
        return dict(people)

    def _job(self, assignment: str, student: str, claims: Sequence[Claim]) -> Job:
        files = [c for c in claims if c.entry.is_file and not _is_timestamp(c)]
        if not files:
            first = claims[0]
            at = first.said.at or _stamped(claims)
            handed_in = HandedIn(at, first.said.late, first.section, first.how)
            refused = any(claim.entry.refused for claim in claims)
            problem = "" if refused else _nothing_there(claims, assignment)
            return Job(student, first.entry.path, "", _numbered(handed_in, first.whose), problem)
        chosen = choose(files, assignment, functools.partial(self._answers, assignment))
        claim = chosen.claim
        handed_in = HandedIn(
            at=claim.said.at or _stamped([c for c in claims if c.top == claim.top]),
            late=claim.said.late,
            section=claim.section,
            whose=claim.how,
            counts=f"{self._title(claim)} counts because {chosen.why}" if chosen.why else "",
            others=tuple(map(self._title, chosen.others)),
        )
        handed_in = _numbered(handed_in, claim.whose)
        return Job(student, claim.entry.path, self._title(claim), handed_in)

    def _title(self, claim: Claim) -> str:
        """What the student called the file, without the folder that has the assignment's name."""
        above, _, rest = claim.title.partition("/")
        return rest if rest and self._reader.assignment(above) else claim.title

    def _answers(self, assignment: str, path: Path, seconds: float = MOST_SECONDS) -> int | None:
        return read.answers(path, self._assignment(assignment), seconds)

    @functools.cache  # noqa: B019  (a search lives as long as a command)
    def _assignment(self, name: str) -> Assignment:
        return read_release(self._course.release(name))

    # --- what has to be said ---

    def _look_at(self, name: str, found: Found) -> None:
        jobs = found.jobs[name]
        found.remarks += _several_files(jobs, name)
        found.remarks += _perhaps_a_class(jobs)
        found.remarks += _alike(job.student for job in jobs)
        found.jobs[name] = self._flagged(name, jobs)
        found.remarks += _same_files(found.jobs[name])
        if self._roster:
            handed_in = {job.student for job in jobs}
            known = {person.student for person in self._roster.people}
            students = self._roster.students
            found.missing[name] = [p for p in students if p.student not in handed_in]
            found.handed_in[name] = len(students) - len(found.missing[name])
            found.unknown[name] = sorted(handed_in - known)

    def _flagged(self, name: str, jobs: list[Job]) -> list[Job]:
        """The jobs, with a flag on files that several people submitted, byte for byte.

        A file without an answer is nobody's work: the release, saved again by some tool, say.
        """
        files: list[tuple[str, str, Path]] = []
        for job in jobs:
            with contextlib.suppress(FileError):  # who cannot read it will say so
                if not job.problem:
                    files.append((job.student, read.sha256(job.path), job.path))
        released = self._released(name)
        flags = copies(files, released)
        for job in jobs if released else ():
            if job.student in flags and self._answers(name, job.path) == 0:
                del flags[job.student]
        return [_with_flag(job, flags.get(job.student, "")) for job in jobs]

    def _released(self, name: str) -> str:
        release = self._course.release(name)
        return read.sha256(release) if release.is_file() else ""


def _nothing(found: Found) -> str:
    passed_over = listed(f"{one.shown} ({one.why})" for one in found.passed_over)
    return (
        "No submission was found. Name a notebook, a folder of notebooks, or a tree like "
        "submitted/<student>/<assignment>/<notebook>.ipynb."
        f"{f' Passed over: {passed_over}.' if passed_over else ''}"
    )


def _refuse_conflicts(people: dict[str, list[Claim]]) -> None:
    pairs = ((student, claim) for student, claims in people.items() for claim in claims)
    found = [
        f"{' and '.join(tops)} would both be {student}'s" for student, tops in conflicts(pairs)
    ]
    if found:
        raise UsageError(
            f"{listed(found)}. Rename the folders so that each person has one, or say with "
            "--layout which part of a path is the student."
        )


def _other_owners(people: dict[str, list[Claim]]) -> Iterator[str]:
    """Where all may write, anybody may name a folder after anybody: the owner tells who did."""
    for student, claims in sorted(people.items()):
        owners: dict[int, str] = {}
        for claim in claims:
            if claim.entry.owner >= 0:
                owners.setdefault(claim.entry.owner, claim.top)
        if len({*owners.values()}) > 1:
            yield (
                f"{student}: {listed(sorted({*owners.values()}))} have different owners on this "
                f"machine. Look whether {student} has submitted all of them."
            )


def _no_files(people: Iterable[Sequence[Claim]]) -> Iterator[PassedOver]:
    """What is no file, of those who submitted files too: of the others the job says it."""
    for claims in people:
        for claim in claims if any(claim.entry.is_file for claim in claims) else ():
            if not claim.entry.is_file:
                yield PassedOver(claim.entry.shown, "a link, or nothing to grade in it")


def _stamped(claims: Sequence[Claim]) -> str:
    """When it was submitted, as nbgrader's file beside it says."""
    for claim in filter(_is_nbgraders, claims):
        with contextlib.suppress(OSError), door.opened(claim.entry.path) as file:
            return moment(file.read(100).decode("utf-8", "replace"))
    return ""


def _times_of_their_own(claims: Iterable[Claim]) -> Iterator[PassedOver]:
    for claim in claims:
        if _is_timestamp(claim) and not (claim.said.at or _is_nbgraders(claim)):
            yield PassedOver(claim.entry.shown, _NO_PROOF)


def _unread_times(claims: Iterable[Claim]) -> Iterator[PassedOver]:
    """What nbgrader has written as the time of a submission, and nobody can read."""
    tops = {c.top for c in claims if c.said.whose.system == "nbgrader" and not c.said.at}
    yield from (PassedOver(top, _UNREAD) for top in sorted(tops))
    for claim in claims:
        if _is_nbgraders(claim) and not (claim.said.at or _stamped([claim])):
            yield PassedOver(claim.entry.shown, _UNREAD)


def _is_nbgraders(claim: Claim) -> bool:
    """Whether a time is where nbgrader puts it, and not where its student does."""
    above = {*claim.entry.path.parts[-4:-3], *claim.entry.parts[-4:-3]}
    return _is_timestamp(claim) and len(claim.inner) == 2 and SUBMITTED in above


def _is_timestamp(claim: Claim) -> bool:
    return claim.entry.is_file and claim.title.rpartition("/")[2] == _TIMESTAMP


def _nothing_there(claims: Sequence[Claim], assignment: str) -> str:
    said = "No file was submitted that could be graded."
    if any(not c.entry.is_file and c.entry.is_link for c in claims):
        said = "Only a link was submitted, not the file itself."
    if any(c.entry.is_full for c in claims):
        said = "A folder was submitted that holds too many files to look through."
    return f"{said} Submit {assignment}.ipynb."


def _several_files(jobs: Sequence[Job], assignment: str) -> Iterator[str]:
    for job in jobs:
        if job.handed_in.others:
            yield (
                f"{job.student} submitted {len(job.handed_in.others) + 1} files for {assignment}: "
                f"{job.handed_in.counts}, not {listed(job.handed_in.others)}."
            )


def _perhaps_a_class(jobs: Sequence[Job]) -> Iterator[str]:
    """One student with many files may be a class, one folder below where it was looked for."""
    for job in jobs:
        within = {other.partition("/")[0] for other in job.handed_in.others if "/" in other}
        elsewhere = within - {job.title.partition("/")[0]}
        alone = len(jobs) == 1 and (len(job.handed_in.others) > 1 or elsewhere)
        if len(within) > 2 or alone:
            yield (
                f"All in {job.student} is read as one person's. If it is several people's, name "
                "that folder itself, or say --layout '*/{student}/{file}'."
            )


def _alike(students: Iterable[str]) -> Iterator[str]:
    """Handles that look alike: a human should say whether they are one person."""
    folded: defaultdict[str, list[str]] = defaultdict(list)
    for student in students:
        seen = "".join(c for c in student if unicodedata.category(c)[0] in "LMNPS")
        folded[unicodedata.normalize("NFKC", seen).casefold().strip(".")].append(student)
    for alike in folded.values():
        if len(alike) > 1:
            yield (
                f"{listed(map(ascii, alike))} differ only in case or in the form of their letters:"
                " are they one person? Each has a result."
            )


def _same_files(jobs: Sequence[Job]) -> Iterator[str]:
    for job in jobs:
        for flag in job.handed_in.flags:
            yield f"{job.student} submitted {flag}."


def _with_flag(job: Job, flag: str) -> Job:
    flags = (flag,) if flag else ()
    return replace(job, handed_in=replace(job.handed_in, flags=flags))

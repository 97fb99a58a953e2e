"""The nouns of the course as frozen data: no I/O, no torch, nothing that can fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

SCHEMA = "autograder/result/v1"
SEEDS_KEPT = 8  # whose inputs a warm grader keeps: drawing takes as long as many submissions


class Status(StrEnum):
    """What became of one check, or of one exercise as a whole."""

    PASSED = "passed"
    FAILED = "failed"
    CRASHED = "crashed"
    TIMED_OUT = "timed_out"
    OUT_OF_MEMORY = "out_of_memory"
    NOT_RUN = "not_run"
    NOT_JUDGED = "not_judged"  # checks only: something that comes before it is not right
    NOT_ATTEMPTED = "not_attempted"  # exercises only: the answer cell is missing or untouched


class Outcome(StrEnum):
    """What became of a whole submission."""

    GRADED = "graded"
    NOT_GRADED = "not_graded"  # the infrastructure's fault: no score may be read from it
    UNREADABLE = "unreadable"  # the file's fault: score 0 and one sentence to act on


class Tier(StrEnum):
    """How far student code was kept away, found by attempting attacks; weakest first."""

    PRACTICE = "practice"
    SEPARATE = "separate"
    CONFINED = "confined"
    ISOLATED = "isolated"

    @property
    def rank(self) -> int:
        """Position among the tiers: the higher, the stronger the wall."""
        return list(Tier).index(self)


class Device(StrEnum):
    """Where student code gets its inputs."""

    CPU = "cpu"
    CUDA = "cuda"


@dataclass(frozen=True)
class Cell:
    """One notebook cell, reduced to what the course needs."""

    kind: str  # "code", "markdown" or "raw"
    source: str
    grade_id: str | None = None
    grade: bool = False
    solution: bool = False
    points: float | None = None
    tags: tuple[str, ...] = ()
    line: int | None = None  # where the cell starts in the source file
    rubric: Any = None  # of a written answer, as its author wrote it

    @property
    def is_written(self) -> bool:
        """Whether it is an answer in words, which people grade."""
        return self.kind == "markdown" and self.grade and self.solution


@dataclass(frozen=True)
class Exercise:
    """One gradable function: its id is the function's name."""

    id: str
    title: str
    points: float
    all_or_nothing: bool
    bonus: bool
    answer: Cell
    check: Cell


@dataclass(frozen=True)
class RubricItem:
    """What a written answer earns or loses points for, and what its student reads then."""

    name: str
    points: float
    text: str


@dataclass(frozen=True)
class Written:
    """An exercise that people grade: an answer in words, its points and its rubric."""

    id: str
    title: str
    points: float
    cell: Cell
    rubric: tuple[RubricItem, ...] = ()  # of the source alone: students do not get it


@dataclass(frozen=True)
class Assignment:
    """One source notebook, parsed."""

    name: str
    title: str
    cells: tuple[Cell, ...]
    exercises: tuple[Exercise, ...]
    written: tuple[Written, ...] = ()

    @property
    def max_score(self) -> float:
        """The points of all exercises that the machine grades; bonus exercises carry none."""
        return sum(exercise.points for exercise in self.exercises)

    @property
    def setup(self) -> tuple[str, ...]:
        """The code whose names every answer may use."""
        return tuple(cell.source for cell in self.cells if "setup" in cell.tags)


@dataclass(frozen=True)
class Person:
    """Somebody in a course, as its roster has them."""

    student: str  # the handle
    name: str = ""
    email: str = ""
    section: str = ""  # or several: "A, B"
    role: str = "student"
    ids: tuple[tuple[str, str], ...] = ()  # what other systems call them: ("canvas_id", "4711")
    on_roster: bool = True  # False: only the handle is known, as a submission has it
    # the system that gave out what they submitted, and its number for them; None: nobody says
    numbered: tuple[str, str] | None = None

    @property
    def sections(self) -> tuple[str, ...]:
        """Each section that they are in."""
        return tuple(one for part in self.section.split(",") if (one := part.strip()))

    def id(self, system: str) -> str:
        """What one system calls them; empty where it is unknown."""
        return dict(self.ids).get(system, "")


_NAMED_BY_SYSTEM = ("Canvas's name for ", "Moodle's name for ", "Brightspace's name for ")


@dataclass(frozen=True)
class HandedIn:
    """How a submission came: what its folder or learning management system says of it."""

    at: str = ""  # when, in ISO 8601; empty where nobody says
    late: bool = False  # marked as late where it was submitted
    section: str = ""
    whose: str = ""  # how it is known whose it is
    counts: str = ""  # of several files, why this one counts: for student and instructor
    others: tuple[str, ...] = ()  # the files that do not count
    flags: tuple[str, ...] = ()  # for the instructor's eyes
    system: str = ""  # which named it: "canvas", "moodle", "brightspace"
    number: str = ""  # what that system calls the student in its name

    @property
    def numbered(self) -> tuple[str, str] | None:
        """The system and its number; both empty where it was none, None where a result is too old.

        Those of earlier versions have the number in the handle alone.
        """
        if self.number or not self.whose.startswith(_NAMED_BY_SYSTEM):
            return (self.system, self.number) if self.whose else None
        return None


@dataclass(frozen=True)
class Job:
    """One file to grade, and whose it is."""

    student: str
    path: Path
    title: str = ""  # what the student called the file, with the folders around it
    handed_in: HandedIn = HandedIn()
    problem: str = ""  # why there is nothing to grade, for the student; the path may be a folder
    seed: int | None = None  # of its inputs; None: the seed that the whole class is graded with


@dataclass(frozen=True)
class Budget:
    """What one submission may use as a whole; when it is used up, the rest is not run.

    Checks that need longer, by their author's word or the reference's time, are given more.
    """

    seconds: float = 120.0
    cpu_seconds: float = 120.0  # of all its threads; judging its answers may take as long
    answer_bytes: int = 64 << 20  # that come back
    cells: int = 1000


@dataclass(frozen=True)
class SandboxSettings:
    """What student code finds in the sandbox, and how much of the machine it may use."""

    packages: tuple[str, ...] = ()  # distributions beside torch; what they need comes along
    stand_ins: tuple[str, ...] = ()  # modules that can be imported and do nothing
    memory: int = 3 << 30  # bytes of address space of one process
    cpu_seconds: int = 600  # of one process
    budget: Budget = Budget()  # of one submission, whose code may run in many processes


PLAIN_SANDBOX = SandboxSettings()  # torch and the standard library


@dataclass(frozen=True)
class Settings:
    """How to grade: the seed of all drawn inputs, the weakest wall that will do, the device."""

    seed: int
    require: Tier = Tier.ISOLATED
    device: Device = Device.CPU


@dataclass(frozen=True)
class StudentCell:
    """One code cell that a student submitted, and the exercises that it answers."""

    exercises: tuple[str, ...]
    source: str
    label: str  # "cell 7", as a student counts them
    given: bool = False  # whether it was handed out to be looked at: a figure that was edited


@dataclass(frozen=True)
class Submission:
    """What one student submitted, reduced to code by exercise id."""

    assignment: str
    student: str
    file: str
    sha256: str
    cells: tuple[StudentCell, ...]  # answers and helpers, in notebook order
    notes: tuple[str, ...] = ()
    missing: frozenset[str] = frozenset()  # exercises without any cell
    untouched: frozenset[str] = frozenset()  # exercises whose cell is empty or still the stub
    above: Mapping[str, int] = field(default_factory=dict)  # cells above each exercise's own check
    elsewhere: frozenset[str] = frozenset()  # of these two, what other cells may bind in some way
    python: tuple[int, ...] = ()  # the version, (3, 12), that a notebook says it was run with

    def answer(self, exercise: str) -> str:
        """The student's own text for one exercise."""
        return "\n\n".join(cell.source for cell in self.cells if exercise in cell.exercises)


@dataclass(frozen=True)
class Check:
    """One hidden or visible test's result; ``message`` may be read by the student."""

    name: str
    hidden: bool
    weight: float
    status: Status = Status.NOT_RUN
    message: str = ""
    seconds: float = 0.0
    keeps: float = 1.0  # the share of the exercise's points that is left when it fails
    about: str = ""  # the fact that it is about, where that is not the values


@dataclass(frozen=True)
class ExerciseReport:
    """The checks of one exercise, its points and at most three remarks."""

    id: str
    title: str
    points: float
    score: float
    status: Status
    remarks: tuple[str, ...]
    mistake: str | None
    checks: tuple[Check, ...]
    code: str = ""  # the student's own text, shown beside the remarks
    as_notebook: bool = (
        False  # graded as the notebook runs from top to bottom, since that is better
    )


@dataclass(frozen=True)
class Counted:
    """What the gradebook counts for a submission, and why; there ``Report.score`` is one step."""

    points: float | None  # None: no number counts
    why: str
    excused: bool = False


@dataclass(frozen=True)
class Report:
    """All checks of one submission and its score; by default nothing was graded or earned."""

    assignment: str
    student: str
    file: str
    graders_sha256: str
    max_score: float
    seed: int
    tier: Tier
    status: Outcome = Outcome.NOT_GRADED
    reason: str | None = None
    sha256: str = ""
    exercises: tuple[ExerciseReport, ...] = ()
    notes: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()  # for the instructor's eyes; they never score
    layers: tuple[str, ...] = ()
    environment: dict[str, Any] = field(default_factory=dict)
    graded_at: str = ""
    seconds: float = 0.0
    handed_in: HandedIn = HandedIn()
    title: str = ""  # the assignment's
    counted: Counted | None = None  # by a gradebook; no part of a result file

    @property
    def heading(self) -> str:
        """What people call the assignment: its title, or its name where a result lacks one."""
        return self.title or self.assignment

    @property
    def submitted(self) -> bool:
        """Whether there is a file; a gradebook has reports of those who submitted none too."""
        return bool(self.graders_sha256)

    @property
    def excused(self) -> bool:
        """Whether a gradebook says that it need not be submitted, and counts nothing."""
        return self.counted is not None and self.counted.excused

    @property
    def score(self) -> float:
        """The sum of the exercises' scores, rounded to a hundredth of a point."""
        return round(sum(exercise.score for exercise in self.exercises), 2)

"""Small reports to test with: plausible by default, any field of them replaceable."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from autograder.model import Check, ExerciseReport, Outcome, Person, Report, Status, Tier
from autograder.submissions.roster import Roster

HOSTILE_NAMES = {
    "script": "<script>window.hacked = 1</script>",
    "path": "../../x",
    "attribute": '"><img src=x onerror="window.hacked = 1">',
    "formula": '=HYPERLINK("http://example.org", "grade")',
    "right to left": "stu\u202edent\u2066x",
    "newline": "first\nsecond",
    "control": "a\x1b[31mred\x07\x00\ud800",
    "long": "n" * 300,
    "template": "{{ 7 * 7 }}{% raw %}",
    "close data": "</script><script>window.hacked = 1</script><!--",
    "dots": "..",
    "nothing": "",
}

TITLES = {
    "weighted_sum": "1.1 · One neuron",
    "linear": "1.2 · One layer of neurons",
    "sigmoid": "1.3 · Sigmoid without overflow",
    "decide": "1.4 · From logits to a decision",
    "classify": "1.5 · Many classes",
}
SLIPS = {
    "linear": (
        "weight_not_transposed",
        "Which axis of the weight counts the inputs? Write the shapes down.",
    ),
    "sigmoid": (
        "overflows",
        "What does exp give for an input of 1,000? Look for a form that never meets it.",
    ),
    "classify": ("wrong_axis", "Along which axis do the classes lie when a batch comes in?"),
}
ANSWER = '''def {id}(x: Tensor, weight: Tensor) -> Tensor:
    """Return the result for the last axis of x."""
    y = x @ weight  # a "quoted" <remark> & more
    return y
'''


def check(status: Status = Status.PASSED, **fields: Any) -> Check:
    """A hidden check."""
    base = Check("test_square", True, 1.0, status, "Works when the layer is square.", 0.01)
    return replace(base, **fields)


def exercise(id: str = "linear", status: Status = Status.PASSED, **fields: Any) -> ExerciseReport:
    """An exercise worth 20 points with one visible and three hidden checks."""
    passed = status is Status.PASSED
    checks = (
        Check("visible", False, 0.0, Status.PASSED, "The example of the notebook.", 0.01),
        check(),
        check(status, name="test_dtype", message="Keeps the precision of its input."),
        check(status, name="test_batch", message="Works for any number of leading axes."),
    )
    base = ExerciseReport(
        id=id,
        title=TITLES.get(id, id),
        points=20.0,
        score=20.0 if passed else 0.0,
        status=status,
        remarks=() if passed else ("Compare the shape that came back with the shape asked for.",),
        mistake=None,
        checks=checks,
        code=ANSWER.format(id=id),
    )
    return replace(base, **fields)


def slipped(id: str) -> ExerciseReport:
    """An exercise that failed by a mistake with a name."""
    mistake, line = SLIPS[id]
    return exercise(
        id, Status.FAILED, mistake=mistake, remarks=(line, "Try a layer of three by two.")
    )


def report(student: str = "s001", assignment: str = "a1_layers", **fields: Any) -> Report:
    """A graded report with all its exercises right."""
    base = Report(
        assignment=assignment,
        student=student,
        file=f"{assignment}.ipynb",
        sha256="3f" * 32,
        graders_sha256="ab" * 32,
        status=Outcome.GRADED,
        reason=None,
        max_score=100.0,
        seed=1234,
        exercises=tuple(exercise(id) for id in TITLES),
        notes=(),
        flags=(),
        tier=Tier.ISOLATED,
        layers=("bubblewrap", "landlock", "seccomp"),
        environment={"python": "3.11.2", "torch": "2.13.0", "device": "cpu"},
        graded_at="2026-11-22T14:21:00+00:00",
        seconds=0.12,
    )
    return replace(base, **fields)


def mixed(student: str = "s001", **fields: Any) -> Report:
    """A report that holds most of what an exercise can come to."""
    exercises = (
        exercise("weighted_sum"),
        slipped("linear"),
        exercise("sigmoid", Status.FAILED, score=10.0),
        exercise(
            "decide", Status.TIMED_OUT, remarks=("A loop here does not end; what should stop it?",)
        ),
        exercise("classify", Status.NOT_ATTEMPTED, code="", remarks=(), checks=()),
    )
    return report(student, exercises=exercises, **fields)


def not_graded(student: str = "s900", **fields: Any) -> Report:
    """A report of a machine that failed."""
    failed = {"status": Outcome.NOT_GRADED, "reason": "the sandbox did not start", "exercises": ()}
    return report(student, **(failed | fields))


def unreadable(student: str = "s901", **fields: Any) -> Report:
    """A report of a file that nobody can open."""
    reason = "The file is cut off at byte 812; save it in Jupyter and submit it again."
    return report(
        student, **({"status": Outcome.UNREADABLE, "reason": reason, "exercises": ()} | fields)
    )


def classroom(size: int, seed: int = 7, assignment: str = "a1_layers") -> list[Report]:
    """A class of students of different strength, the same at every call."""
    chance = random.Random(seed)
    return [_student(f"s{number:04d}", assignment, chance) for number in range(1, size + 1)]


NAMES = ("Zoë Ångström", "María José García-López", "محمد علي", "李小龙", "Bob O'Brien")
SECTIONS = ("Monday 10:00", "Thursday 14:00")


def person(handle: str, number: int = 1, **fields: Any) -> Person:
    """A student of a course's roster."""
    section = SECTIONS[number % len(SECTIONS)]
    base = Person(handle, NAMES[number % len(NAMES)], f"{handle}@example.org", section)
    return replace(base, **fields)


def roster(size: int) -> Roster:
    """The students of ``classroom``, in two sections, and their tutor."""
    students = [person(f"s{number:04d}", number) for number in range(1, size + 1)]
    return Roster((person("tina", name="Tina Tutor", section="", role="ta"), *students))


def _student(name: str, assignment: str, chance: random.Random) -> Report:
    if chance.random() < 0.01:
        return chance.choice([not_graded, unreadable])(name, assignment=assignment)
    strength = chance.gauss(0.65, 0.25)
    exercises = tuple(_attempt(id, strength, chance) for id in TITLES)
    flags = ("linear: reads sys._getframe",) if chance.random() < 0.02 else ()
    return report(name, assignment, exercises=exercises, flags=flags)


def _attempt(id: str, strength: float, chance: random.Random) -> ExerciseReport:
    if chance.random() < strength:
        return exercise(id)
    if id in SLIPS and chance.random() < 0.6:
        return slipped(id)
    faults = [
        Status.FAILED,
        Status.CRASHED,
        Status.TIMED_OUT,
        Status.OUT_OF_MEMORY,
        Status.NOT_ATTEMPTED,
    ]
    status = chance.choices(faults, [10, 4, 2, 1, 5])[0]
    return exercise(
        id, status, score=chance.choice([0.0, 5.0, 10.0]) if status is Status.FAILED else 0.0
    )

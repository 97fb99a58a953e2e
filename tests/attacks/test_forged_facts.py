"""Code that replaces the engine in its own process, so that every fact comes back as it should."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from autograder.course import mistakes
from autograder.course.layout import Course, load
from autograder.course.source import read_source, without_marks
from autograder.grading import verify
from autograder.grading.grader import Grader
from autograder.grading.start import start_grader
from autograder.model import ExerciseReport, Settings, Status, StudentCell, Submission, Tier
from autograder.notebook import wording
from tests.support.marks import one_quick

COURSE = Course(Path(__file__).parents[2])
SEED = 5
RIGHT = """
    def better(value):
        if isinstance(value, dict):
            return {key: better(part) for key, part in value.items()}
        if isinstance(value, (list, tuple)):
            return type(value)(better(part) for part in value)
        return True if value is False else value
"""
USE = """
done = []

def after_forging(function):
    def answer(*args):
        if not done:
            done.append(True)
            try:
                forge()
            except Exception:
                pass
        return function(*args)
    return answer
"""
CHEATS = {
    "classes": """
def forge():
    (engine,) = [one for one in object.__subclasses__() if hasattr(one, "do_probe")]
"""
    + RIGHT
    + """
    def forged(method):
        def asked(self, request, values):
            head, said = method(self, request, values)
            return head, {"result": better(said["result"]), "changed": []}
        return asked

    for name in ("do_call", "do_probe"):
        setattr(engine, name, forged(getattr(engine, name)))
""",
    "frames": """
import sys

def forge():
    frame = sys._getframe()
    while "protocol" not in frame.f_globals:
        frame = frame.f_back
    protocol = frame.f_globals["protocol"]
    pack = protocol.pack
"""
    + RIGHT
    + """
    def forged(head, values):
        if "changed" in values:
            values = {"result": better(values["result"]), "changed": []}
        return pack(head, values)

    protocol.pack = forged
""",
}


def behind(cheat: str, entry: mistakes.Entry) -> str:
    """A known mistake whose first call forges first."""
    head = f"def {entry.exercise}("
    forging = entry.source.replace(f"\n{head}", f"\n@after_forging\n{head}", 1)
    if entry.source.startswith(head):
        forging = f"@after_forging\n{entry.source}"
    return f"{cheat}{USE}{forging}" if cheat else entry.source


def scores(
    grader: Grader, entries: Sequence[mistakes.Entry], cheat: str
) -> Iterator[tuple[mistakes.Entry, ExerciseReport]]:
    """What each known mistake earns with some code in front of it."""
    source = read_source(COURSE.source(grader.assignment.name))
    for batch in verify.batches(entries, verify.built_on(source, grader.items)):
        forged = {entry.exercise: behind(cheat, entry) for entry in batch}
        cells = tuple(
            StudentCell((e.id,), forged.get(e.id) or without_marks(e.answer), e.id)
            for e in source.exercises
        )
        submission = Submission(source.name, "eve", "eve.ipynb", "", cells)
        reports = {own.id: own for own in grader.report(submission, [*forged]).exercises}
        yield from ((entry, reports[entry.exercise]) for entry in batch)


def gains(assignment: str, cheat: str) -> list[tuple[str, str, float, float]]:
    """The mistakes of an assignment that earn more with a cheat in front of them.

    Only those are graded without it that earn anything with it.
    """
    entries = mistakes.entries(load(COURSE.mistakes(assignment)))
    with start_grader(COURSE, assignment, Settings(SEED, Tier.CONFINED)) as grader:
        wrong = [e for e in entries if e.tutor is not None and e.exercise not in grader.slow]
        paid = {entry: own.score for entry, own in scores(grader, wrong, cheat) if own.score > 0}
        honest = {entry: own.score for entry, own in scores(grader, [*paid], "")}
    return [
        (entry.exercise, entry.name, before, paid[entry])
        for entry, before in honest.items()
        if paid[entry] > before
    ]


# Each of these earned more with either cheat before control questions were asked.
FORGEABLE = {
    "collapse": "second_bias_changed_in_place",
    "hidden_stack": "fixes_the_seed",
    "linear": "transposes_in_place",
    "multiclass_predict": "subtracts_in_place",
}


@pytest.mark.parametrize("cheat", one_quick(sorted(CHEATS)))
def test_forged_facts_are_found_out(cheat: str) -> None:
    """Whatever is replaced, nothing is gained, and the instructor is told."""
    entries = mistakes.entries(load(COURSE.mistakes("a1_layers")))
    wrong = [entry for entry in entries if FORGEABLE.get(entry.exercise) == entry.name]
    assert len(wrong) == len(FORGEABLE)
    with start_grader(COURSE, "a1_layers", Settings(SEED, Tier.CONFINED)) as grader:
        honest = dict(scores(grader, wrong, ""))
        for entry, own in scores(grader, wrong, CHEATS[cheat]):
            assert own.score <= honest[entry].score, entry.name
            assert any(wording.FORGED in check.message for check in own.checks), entry.name


@pytest.mark.slow
@pytest.mark.parametrize("assignment", COURSE.assignments())
def test_no_known_mistake_gains_by_forging(assignment: str) -> None:
    """The same code in front of every known mistake of the course raises none."""
    assert gains(assignment, CHEATS["classes"]) == []


IN_PLACE = """
def linear(x, weight, bias):
    y = x @ weight.T
    if not x.requires_grad:
        x.mul_(0)
    return y if bias is None else y + bias
"""
HIDDEN = """
    frame = sys._getframe()
    while frame:
        names = frame.f_locals
        for found in (names.get("before"), names.get("args")):
            if isinstance(found, list):
                found[:] = names["args"]
        frame = frame.f_back
    return y"""


def test_what_was_before_a_call_cannot_be_changed() -> None:
    """Whoever finds what the arguments were is none the better for it."""
    lying = "import sys\n" + IN_PLACE.replace("\n    return y", HIDDEN)
    with start_grader(COURSE, "a1_layers", Settings(SEED, Tier.CONFINED)) as grader:
        own, honest = (reported(grader, answer) for answer in (lying, IN_PLACE))
    assert failed(own) >= failed(honest)
    assert own.score <= honest.score < own.points


def reported(grader: Grader, answer: str) -> ExerciseReport:
    """What one answer to linear earns."""
    cells = (StudentCell(("linear",), answer, "linear"),)
    (own,) = grader.report(Submission("a1_layers", "eve", "", "", cells), ["linear"]).exercises
    return own


def failed(exercise: ExerciseReport) -> set[str]:
    """The checks of an exercise that did not pass."""
    return {check.name for check in exercise.checks if check.status is not Status.PASSED}

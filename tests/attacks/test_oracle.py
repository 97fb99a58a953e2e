"""Handing in again and again teaches nobody the hidden inputs."""

from __future__ import annotations

import ast
import builtins
import inspect
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.course import mistakes
from autograder.course.layout import Course, load
from autograder.course.source import read_release
from autograder.grading import checks, judging
from autograder.grading.compare import Mismatch, NotJudged
from autograder.grading.facts import Found
from autograder.integrations import github_actions
from autograder.model import Report, Status, Tier
from autograder.notebook import wording
from autograder.running.batch import make_plan
from autograder.sandbox.answers import Answer, Stopped, StudentRaised
from tests.support import cases, runners
from tests.support.cases import ASSIGNMENT, ROOT
from tests.support.forms import Cell

FOLDER = Path(__file__).parent
COURSE = Course(ROOT)


def test_inputs_are_drawn_anew(tmp_path: Path) -> None:
    """Without results to agree with, every grading draws other inputs."""
    plans = [
        make_plan(Course(ROOT), ASSIGNMENT, tmp_path, None, Tier.ISOLATED, fresh=fresh)
        for fresh in (True, True, False, False)
    ]
    assert len({plan.settings.seed for plan in plans}) == len(plans)


def test_hidden_checks_do_not_say_how_wrong_an_answer_is(shared: Path) -> None:
    """Two wrong answers of one kind are told the same, whatever their values are."""
    wrong = cases.read(FOLDER / "notebooks" / "raises_its_points_in_the_metadata.py")
    files = []
    for name, value in (("low", "-1e3"), ("high", "1e3")):
        answer = f"def linear(x, weight, bias):\n    return {value} + F.linear(x, weight, bias)"
        cells = tuple(
            Cell(answer, c.grade_id) if c.grade_id == "linear" else c for c in wrong.cells
        )
        files.append(replace(wrong, id=name, form="notebook", cells=cells).write(shared))
    reports = runners.grade(runners.available()[0], files)
    assert said(reports["low"]) == said(reports["high"])
    assert said(reports["low"])


def said(report: Report) -> list[tuple[str, str]]:
    """What the hidden checks of linear say."""
    (part,) = (part for part in report.exercises if part.id == "linear")
    return [(check.status, check.message) for check in part.checks if check.hidden]


# --- how much one submission can carry out -------------------------------------------------------

BYTES = 126  # of one submission at most, in all that its student reads; SECURITY.md says so
# A flag stays with the instructor. Notes: one of six budgets used up, most of it by one exercise;
# which exercises ended Python, and which were run as a notebook; seconds in all, up to two minutes.
NOTES = math.log2(6) + math.log2(120)
BITS_OF_AN_EXERCISE = 3.0  # of these notes


def ends(kind: type[BaseException]) -> Iterator[Exception]:
    """What a hidden check can end with, if an answer raises this, or anything else happens."""
    yield from (Mismatch(each) for each in (*wording._BY_FACT, "none of these"))
    yield from (NotJudged(Found(each, "", None, None)) for each in wording._BY_FACT)
    yield from (Stopped(status) for status in Status)
    yield StudentRaised(Answer(error=(kind.__name__, "Exception")))
    yield StudentRaised(Answer(error=(kind.__name__,), out_of_memory=True))
    for words, _ in wording._REASONS:
        for reached in (True, False):
            yield StudentRaised(Answer(error=(kind.__name__,), reason=words, reached=reached))
    yield from (AssertionError(), KeyError())


def kinds() -> Iterator[type[BaseException]]:
    """Errors that code may raise: Python's, those that have a sentence, and one of its own."""
    named = ("InputUnavailable", "NotDefined", "OffDevice", "DeviceLost", "ProtocolError", "Mine")
    yield from (type(name, (Exception,), {}) for name in named)
    everything = vars(builtins).values()
    yield from (e for e in everything if isinstance(e, type) and issubclass(e, BaseException))


def outcomes() -> dict[Status, set[str]]:
    """All that can be said of one hidden check, by its status."""
    said: dict[Status, set[str]] = {}
    for error in (error for kind in kinds() for error in ends(kind)):
        found = checks.outcome_of(error, 5.0)
        said.setdefault(found.status, set()).add(found.message)
    return said


def required(item: checks.CheckItem) -> int:
    """How many sentences of its own a check can say: it, or what it calls of its file."""
    if not item.hidden:
        return item.cell.count(".holds(")
    known = item.function.__globals__ if item.function else {}
    functions = {n: inspect.unwrap(f) for n, f in known.items() if inspect.isfunction(f)}
    own = {n: f for n, f in functions.items() if inspect.getsourcefile(f) == known["__file__"]}
    left, seen, said = [item.function], set[str](), 0
    while left and (function := left.pop()):
        text = inspect.getsource(function)
        said += text.count("require(")
        names = {n.id for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Name)}
        left += [own[name] for name in names & own.keys() - seen]
        seen |= names
    return said


def failures(item: checks.CheckItem, all_of_them: int) -> int:
    """How many sentences can say that a check failed.

    A check about one fact names that fact, or of what kind the answer is that its code stops over.
    """
    usual = 1 + len(judging._OF_ANOTHER_KIND) if item.about else all_of_them
    return usual + required(item)


def bits(assignment: str) -> float:
    """The logarithm of how many different pages one student's submission can lead to."""
    course = Course(ROOT)
    items = checks.collect(course.graders(assignment), read_release(course.release(assignment)))
    entries = mistakes.entries(load(course.mistakes(assignment)))
    named = Counter(entry.exercise for entry in entries if entry.tutor is not None)
    said = outcomes()
    errors, reasons = len(said.pop(Status.CRASHED)), len(said.pop(Status.NOT_JUDGED))
    failed = len(said.pop(Status.FAILED))
    # passed; an error, or not checked, of which the reason is told once; refused as forged; or
    # one of the other sentences
    usual = 1 + 1 + 1 + 1 + sum(map(len, said.values()))
    return NOTES + sum(
        sum(math.log2(usual + failures(i, failed)) for i in items if i.exercise == exercise)
        + math.log2(errors * count)
        + math.log2(reasons * count)
        + math.log2(errors)  # of the visible check
        # a known mistake, a relation, for which inputs alone it stops, or that something stays
        + math.log2(named[exercise] + 2 + 2 * len(wording.RELATIONS) + len(wording._EXCEPTIONS))
        # each fact that no check is about may be charged by itself
        + len({*wording._CHARGES} - {i.about for i in items if i.exercise == exercise})
        + BITS_OF_AN_EXERCISE
        for exercise, count in Counter(item.exercise for item in items).items()
    )


@pytest.mark.parametrize("assignment", Course(ROOT).assignments())
def test_a_hand_in_carries_little_out(assignment: str) -> None:
    """Whatever an answer does with what it sees, its page is one of so many at most."""
    assert bits(assignment) / 8 < BYTES


CHOOSES = """
def linear(x, weight, bias):
    held = __builtins__ if isinstance(__builtins__, dict) else vars(__builtins__)
    kinds = [*held.values()]
    errors = [k for k in kinds if isinstance(k, type) and issubclass(k, Exception)]
    raise errors[int(x.sum().abs() * 1e6) % len(errors)](str(x))
"""


def test_an_answer_that_chooses_its_errors_is_told_one_of_them(shared: Path) -> None:
    """Of all errors that the hidden checks of an exercise meet, one kind is told."""
    wrong = cases.read(FOLDER / "notebooks" / "raises_its_points_in_the_metadata.py")
    cells = tuple(Cell(CHOOSES, c.grade_id) if c.grade_id == "linear" else c for c in wrong.cells)
    file = replace(wrong, id="chooses", form="notebook", cells=cells).write(shared)
    report = runners.grade(runners.available()[0], [file])["chooses"]
    messages = [message.partition(" – not yet. ")[2] for _, message in said(report)]
    assert len(messages) > 5
    assert len(set(messages) - {wording.ERROR_AGAIN}) == 1


SAYS_ALL_IT_HAS_SEEN = """
import gc, random, types
SEEN = []
BESIDE = 'nothing'

def linear(x, weight, bias):
    codes = {o.co_name for o in gc.get_objects() if isinstance(o, types.CodeType)}
    codes |= {f.__code__.co_name for f in gc.get_objects() if isinstance(f, types.FunctionType)}
    SEEN.append(x.shape)
    names = NAMES
    raise ValueError(f'{len(SEEN)} {torch.initial_seed()} {sorted(codes & names)}')
"""


def test_the_words_of_the_example_come_from_where_nothing_hidden_was(shared: Path) -> None:
    """What an error of the example says is shown: it saw no other call, no probe and no seed."""
    items = checks.collect(COURSE.graders(ASSIGNMENT), read_release(COURSE.release(ASSIGNMENT)))
    hidden = vars(load(COURSE.graders(ASSIGNMENT)))
    probes = {name for name, value in hidden.items() if inspect.isfunction(value)}
    answer = SAYS_ALL_IT_HAS_SEEN.replace("NAMES", repr(probes))
    assert len(probes) > len(items) / 2
    wrong = cases.read(FOLDER / "notebooks" / "raises_its_points_in_the_metadata.py")
    cells = tuple(Cell(answer, c.grade_id) if c.grade_id == "linear" else c for c in wrong.cells)
    file = replace(wrong, id="says", form="notebook", cells=cells).write(shared)
    report = runners.grade(runners.available()[0], [file])["says"]
    (part,) = (part for part in report.exercises if part.id == "linear")
    told = [check.message for check in part.checks if not check.hidden]
    assert "ValueError: 1 0 []" in told[0]


def test_a_report_for_ci_tells_no_fraction_of_a_second(shared: Path) -> None:
    """How long an answer waits could be read from a report that says more than seconds."""
    case = cases.read(FOLDER.parent / "faults" / "answers" / "has_no_fault.py")
    (report,) = runners.grade(runners.available()[0], [case.write(shared)]).values()
    times = [part.split('"')[0] for part in github_actions.junit([report]).split('time="')[1:]]
    assert times
    assert all(time.isdecimal() for time in times)

"""What a tick in the notebook means: few known mistakes get one, and every right answer does."""

import contextlib
import io
import warnings

import pytest
import torch

from autograder.course.layout import Course, load
from autograder.course.mistakes import entries
from autograder.course.source import read_source
from autograder.notebook.visible import visible_checks
from tests.conftest import ROOT
from tests.support.marks import one_quick

NAMES = Course(ROOT).assignments()
TRAINS = "rescue"  # each entry of it takes seconds; rehearse runs it
NEEDS_TRUST = {"silent_vanishing"}  # its check shows no more than the form, as the text says


def passes(assignment, exercise, answer):
    """Whether an answer gets a tick, its check run as in the notebook."""
    names = {"__name__": "__main__"}
    on = torch.enable_grad()  # until the end: a mistake may switch autograd off for good
    try:
        with on, contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of torch, which a notebook shows and goes on
            for text in (*assignment.setup, answer):
                exec(text, names)
            names["visible_checks"] = visible_checks
            exec(exercise.check.source, names)
    except BaseException:
        return False
    return True


@pytest.fixture(scope="module", params=one_quick(NAMES))
def ticks(request, course):
    """For one assignment: (exercise, entry of the bank, whether it gets a tick)."""
    assignment = read_source(course.source(request.param))
    exercises = {e.id: e for e in assignment.exercises if e.id != TRAINS}
    bank = entries(load(course.mistakes(request.param)), [e.id for e in assignment.exercises])
    return [
        (e.exercise, e, passes(assignment, exercises[e.exercise], e.source))
        for e in bank
        if e.exercise in exercises
    ]


def test_at_most_a_third_of_the_known_mistakes_gets_a_tick(ticks):
    """A tick says that the main idea is there: of all mistakes, and of nearly every exercise's."""
    wrong = [(exercise, tick) for exercise, entry, tick in ticks if entry.tutor is not None]
    assert 3 * sum(tick for _, tick in wrong) <= len(wrong)
    for name in {exercise for exercise, _ in wrong} - NEEDS_TRUST:
        own = [tick for exercise, tick in wrong if exercise == name]
        assert 5 * sum(own) <= 2 * len(own), name


def test_every_other_right_answer_gets_a_tick(ticks):
    """What the hidden checks accept, the notebook's own check accepts, too."""
    assert [e.name for _, e, tick in ticks if e.tutor is None and not tick] == []

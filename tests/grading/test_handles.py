"""The trusted side of a check: what the course's own functions do besides answering."""

import warnings

import pytest

from autograder.grading.handles import Conversation, Handle, InProcess


def ask(function):
    """Call a trusted function as a check does."""
    conversation = Conversation(InProcess({"half": function}, []), seed=1, seconds=5.0)
    return Handle(conversation).half(4.0)


def test_what_a_known_mistake_prints_or_warns_of_is_not_heard(capfd):
    """Nothing gets between the results, whatever code is replayed."""

    def noisy(x):
        print("hello")
        warnings.warn("careful", stacklevel=1)
        return x / 2

    assert ask(noisy).value == 2.0
    assert capfd.readouterr() == ("", "")


def test_ctrl_c_is_no_answer():
    """Who interrupts the grading ends it, whatever function runs at that moment."""

    def interrupted(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ask(interrupted)


def test_an_answer_of_the_course_is_told_from_a_students():
    """Only what the course's own code answers can be an author's error."""
    assert ask(lambda x: x).trusted
    assert ask(lambda x: 1 / 0).trusted

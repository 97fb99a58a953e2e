"""Of the notebook's own check a student reads what it says there: nothing of it is hidden."""

from __future__ import annotations

import re

import pytest

from autograder.grading.start import start_grader
from autograder.model import Job, Settings, Status
from tests.grading.test_kinds_of_values import course_of, definition
from tests.support.courses import NAME, hand_in

SAID = {  # by answer
    "x / 2 + 1": "Not so: the halves of 1 to 3 come back.",
    "(x / 2).tolist()": "With your answer the check stopped with an error: it could not see "
    "whether the halves of 1 to 3 come back.",
    "'half' and x / 2 if len(x) == 3 else x": "Another answer came back than the check in the "
    "notebook expects.",
    "x.div_(2)": "An argument was changed on the way; the caller still needs it as it was.",
}
VISIBLE = """\
halves = torch.tensor([0.5, 1.0, 1.5])
    said = "the halves of 1 to 3 come back"
    call(half, torch.tensor([1.0, 2.0, 3.0])).holds(said, lambda h: h.equal(halves))
    call(lambda x: str([float(h) for h in half(x)]), torch.ones(2)).returns("[0.5, 0.5]")"""


@pytest.mark.parametrize("answer", SAID)
def test_the_visible_check_says_what_the_notebook_says(tmp_path, answer):
    """The first of its sentences that is not so, in the words of the notebook."""
    course = course_of(tmp_path, "x / 2", visible=VISIBLE)
    with start_grader(course, NAME, Settings(3)) as grader:
        report = grader.grade(Job("ada", hand_in(course, tmp_path / "ada", definition(answer))))
    visible = next(check for check in report.exercises[0].checks if not check.hidden)
    assert visible.message == f"The example in the notebook – not yet. {SAID[answer]}"


def test_an_argument_that_should_change_and_did_not_is_not_called_changed(tmp_path):
    """As for a step of training, whose reference changes what it is given."""
    course = course_of(tmp_path, "x.div_(2)", visible=VISIBLE)
    with start_grader(course, NAME, Settings(3)) as grader:
        report = grader.grade(Job("ada", hand_in(course, tmp_path / "ada", definition("x / 2"))))
    visible = next(check for check in report.exercises[0].checks if not check.hidden)
    assert visible.message.endswith("The call did not change its arguments as it should.")


@pytest.mark.parametrize(
    ("answer", "passes"),
    [("x / 2", True), ("x", False), ("None", False), ("x / 0 * 0", False), ("x.half_()", False)],
)
@pytest.mark.parametrize(
    "first", ["", "call(half, torch.ones(1)).holds('it is there', bool)\n    "]
)
def test_a_check_that_asserts_by_itself_judges_as_in_the_notebook(tmp_path, first, answer, passes):
    """As imported checks do: it has failed where it stops, whatever it recorded before."""
    asserts = f"{first}assert abs(half(torch.tensor(3.0)) - 1.5) < 1e-6"
    course = course_of(tmp_path, "x / 2", visible=asserts)
    with start_grader(course, NAME, Settings(3)) as grader:
        report = grader.grade(Job("ada", hand_in(course, tmp_path / "ada", definition(answer))))
    visible = next(check for check in report.exercises[0].checks if not check.hidden)
    assert (visible.status is Status.PASSED) is passes


COUNTS = """
import threading
NEVER, DONE, CALLS = threading.Event(), threading.Event(), []

def held(most, until):
    found = []
    try:
        for _ in range(most):
            found.append(threading.Thread(target=until.wait, daemon=True))
            found[-1].start()
    except RuntimeError:
        found.pop()
    return len(found)

def half(x):
    CALLS.append(x)
    if len(CALLS) > 1:
        return held(20, NEVER) and x
    free = held(60, DONE)
    DONE.set()
    raise ValueError(f"{free} threads")
"""


def test_who_has_seen_what_is_hidden_has_ended_before_the_example_is_run(tmp_path):
    """What a process that still lives takes up of a limit, the example could read and tell."""
    course = course_of(tmp_path, "x / 2", visible=VISIBLE)
    with start_grader(course, NAME, Settings(3)) as grader:
        report = grader.grade(Job("ada", hand_in(course, tmp_path / "ada", COUNTS)))
    visible = next(check for check in report.exercises[0].checks if not check.hidden)
    said = re.search(r"(\d+) threads", visible.message)
    assert said, visible.message
    assert int(said[1]) > 20

"""A check costs what its sentence says: facts are charged once, and what is forbidden decides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from autograder.course.source import read_release
from autograder.errors import AuthorError
from autograder.grading import verify
from autograder.grading.compare import Mismatch, NotJudged, assert_same, looking
from autograder.grading.facts import Fact
from autograder.grading.grader import Grader, Preparation
from autograder.model import ExerciseReport, Status, StudentCell, Submission, Tier
from autograder.notebook import wording
from autograder.sandbox import tiers
from autograder.sandbox.answers import Answer
from tests.support.courses import EXERCISE, NAME, write_course

GRADERS = '''\
"""Hidden checks of week1."""

import pytest
import torch

from autograder.authoring import assert_own_work, gradients, where_results_live


@pytest.mark.exercise("half", weight=2)
def test_tables(same, draw):
    """Halves every number of a table."""
    same.half(draw(3, 4))
    same.half(draw(2, 1))


@pytest.mark.exercise("half")
def test_many_axes(same, draw):
    """Works for many axes."""
    same.half(draw(3, 4, 2))


@pytest.mark.exercise("half", about="dtype")
def test_dtype(same, draw):
    """Keeps float32 and float64."""
    for dtype in (torch.float32, torch.float64):
        same.half(draw(3, dtype=dtype))


@pytest.mark.exercise("half", about="device")
def test_device(same, draw):
    """Stays on its device."""
    same.run(where_results_live, "half", [draw(3, 2)])


@pytest.mark.exercise("half")
def test_gradient(same, draw):
    """Lets gradients through."""
    same.run(gradients, "half", [draw(3)], [0], draw(3))


@pytest.mark.exercise("half", keeps=0)
def test_own_work(student, reference, draw):
    """Is computed without torch's division."""
    assert_own_work(student, reference, "half", [draw(draw.integer(5, 9))], {"div", "truedivide"})
'''
Graded = Callable[[str], ExerciseReport]


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Graded]:
    """Grades the body of an answer by the hidden checks above."""
    course = write_course(tmp_path_factory.mktemp("course"), GRADERS)
    assignment = read_release(course.release(NAME))
    limits = course.config.sandbox
    with (
        tiers.start(assignment.setup, Tier.ISOLATED, limits, None, course.secrets()) as sandbox,
        closing(Grader(Preparation(course, assignment, 1), sandbox)) as grader,
    ):

        def grade(body: str) -> ExerciseReport:
            cell = StudentCell((EXERCISE,), f"def half(x):\n    {body}", "cell 1")
            report = grader.report(Submission(NAME, "ana", "a.ipynb", "", (cell,)))
            return report.exercises[0]

        yield grade


def failed(report: ExerciseReport) -> dict[str, Status]:
    """The hidden checks that did not pass, and what became of them."""
    bad = (check for check in report.checks if check.hidden and check.status is not Status.PASSED)
    return {check.name: check.status for check in bad}


@pytest.mark.parametrize(
    ("body", "check", "score"),
    [
        ("return x.double() * 0.5", "dtype", 8.57),
        ("return (x * 0.5).half()", "dtype", 8.57),
        ("return (x * 0.5)[..., None]", "shape", 8.0),
        ("y = x * 0.5; torch.set_grad_enabled(x.requires_grad or not x.is_leaf); return y",
         "autograd", 8.0),
        ("return [0.5 * one for one in x.tolist()] if x.ndim == 1 and not x.requires_grad "
             "else x * 0.5", "type", None),
        ("y = x * 0.5; x.add_(1 if not x.requires_grad else 0) if x.is_leaf and not "
         "x.requires_grad else None; return y", "changed", None),
    ],
)  # fmt: skip
def test_one_broken_fact_is_charged_once(
    graded: Graded, body: str, check: str, score: float | None
) -> None:
    """With right values, one fact that is broken costs one check, and leaves half or more."""
    report = graded(body)
    assert failed(report).get(check) is Status.FAILED
    assert {name for name, s in failed(report).items() if s is Status.FAILED} == {check}
    assert 5.0 <= report.score < 10.0
    if score is not None:
        assert report.score == score


def test_autograd_that_is_switched_on_again_costs_nothing(graded: Graded) -> None:
    """Who switches autograd off and on again, or above the function, leaves it as it was."""
    assert graded("with torch.no_grad(): x * 0.5\n    return x * 0.5").score == 10.0
    assert graded("return x * 0.5\ntorch.set_grad_enabled(False)").score == 10.0


def test_a_link_to_autograd_is_charged_only_where_it_is_promised(graded: Graded) -> None:
    """A result that requires grad where nobody says that it must not costs nothing."""
    assert graded("return x * torch.tensor(0.5, dtype=x.dtype, requires_grad=True)").score == 10.0


def test_a_check_about_a_fact_says_nothing_untrue_of_wrong_values(graded: Graded) -> None:
    """Where the values are wrong, dtype and device are not checked: no points, no accusation."""
    report = graded("return x * 0.6")
    assert failed(report) == {
        "tables": Status.FAILED,
        "many_axes": Status.FAILED,
        "dtype": Status.NOT_JUDGED,
        "device": Status.NOT_JUDGED,
        "gradient": Status.NOT_JUDGED,
        "own_work": Status.NOT_JUDGED,
    }
    assert report.score == 0
    said = {check.name: check.message for check in report.checks}
    assert said["dtype"].endswith(" – not checked yet. First fix this: The values are not right.")
    assert said["device"] == "Stays on its device – not checked yet."


def test_a_wrong_count_is_not_called_a_changed_argument() -> None:
    """What a function returns is its value; only what a probe measured is a word about a fact."""
    right = Answer({"zero": 2}, trusted=True)
    with looking(Fact.CHANGED), pytest.raises(NotJudged):
        assert_same(Answer({"zero": 3}, called=True), right)
    with looking(Fact.CHANGED), pytest.raises(Mismatch):
        assert_same(Answer({"zero": 3}), right)


def test_a_check_that_trips_does_not_say_that_the_answer_stopped(graded: Graded) -> None:
    """Where the way back breaks after the function has returned, nobody reads that it stopped."""
    report = graded("e = x.exp(); e.add_(0); return x * 0.5 + 0 * e")
    said = {check.name: check.message for check in report.checks}
    assert said["gradient"].endswith("a tensor that it needs was changed in place.")
    other = Answer(error=("RuntimeError",), reason="no words that anybody knows", reached=False)
    assert wording.raised(other) == wording.NOT_GONE_ON.format(known="")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("return x + torch.zeros(len(x) + 2)", "a RuntimeError: tensors met whose shapes do not"),
        ("return x.double() @ torch.eye(x.shape[-1])", "tensors of two dtypes met"),
        ("return x.T.view(-1)", "that do not lie in order"),
        ("return x * 0.5 if x > 0 else x", "a condition has more than one value"),
        ("return x.clone().requires_grad_().numpy()", "a tensor that requires gradients"),
        ("return x.softmax(7)", "an axis was named that is not there"),
        ("raise RuntimeError('shapes cannot be multiplied')", "a RuntimeError."),
    ],
)
def test_an_error_of_torch_is_told_with_its_reason(graded: Graded, body: str, words: str) -> None:
    """Only torch's own words for it are known; what a student's code says itself is not told."""
    report = graded(body)
    assert words in next(c.message for c in report.checks if c.name == "tables")


@pytest.mark.parametrize("body", ["return x.detach() * 0.5", "return x.detach() * 0.2 + x * 0.3"])
def test_right_values_with_a_wrong_gradient_are_told_so(graded: Graded, body: str) -> None:
    """A gradient that is missing, or is another one, is named, and the values are called right."""
    report = graded(body)
    assert failed(report) == {"gradient": Status.FAILED}
    (message,) = (check.message for check in report.checks if check.name == "gradient")
    assert "The values are right, " in message
    assert 5.0 <= report.score < 10.0


@pytest.mark.parametrize(
    "body",
    [
        "return x / 2",
        "return torch.div(x, 2)",
        "return getattr(torch, 'd' + 'iv')(x, 2)",
        "return x.__truediv__(2)",
    ],
)
def test_what_is_forbidden_decides(graded: Graded, body: str) -> None:
    """The use of what is forbidden earns nothing, and the first remark says what was used."""
    report = graded(body)
    how = "It uses" if "torch.div" in body else "Something in it runs"
    assert report.score == 0
    assert f"{how} `div`, which this exercise asks you not to use." in report.remarks[0]


@pytest.mark.parametrize(
    "body",
    [
        "assert torch.div is not None; return x * 0.5",
        "return x * 0.5 if True else torch.div(x, 2)",
        "div = 0.5; return x * div",
    ],
)
def test_what_is_mentioned_and_not_used_costs_nothing(graded: Graded, body: str) -> None:
    """A forbidden name in code that does not run, or of one's own, is nobody's business."""
    assert graded(body).score == 10.0


def test_a_crash_is_not_called_a_broken_fact(graded: Graded) -> None:
    """Code that stops for one kind of input fails there, and nowhere else."""
    report = graded("a, b = x.shape if x.ndim == 3 else (0, 0); return x * 0.5")
    assert failed(report) == {"many_axes": Status.CRASHED}


@pytest.mark.parametrize(
    ("body", "asked"),
    [("return torch.from_dlpack(x, 1, 2)", False), ("raise NotImplementedError", True)],
)
def test_only_ones_own_stub_is_called_not_written(graded: Graded, body: str, asked: bool) -> None:
    """Another's NotImplementedError does not ask whether the code was written."""
    report = graded(body)
    said = " ".join(check.message for check in report.checks if check.hidden)
    assert ("is some part of it not written yet?" in said) is asked


def test_a_library_that_lacks_something_is_not_an_unwritten_answer(graded: Graded) -> None:
    """torch's own NotImplementedError (of an operation on a device) reads as an error only."""
    report = graded("return torch.ones(3, device='meta').tolist()")
    said = " ".join(check.message for check in report.checks if check.hidden)
    assert "not written yet" not in said


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ('about="colour"', "about='colour' is no fact"),
        ("keeps=1", "keeps=1 is no share"),
        ("keeps=-0.5", "keeps=-0.5 is no share"),
        ('keeps="all"', "keeps='all' is not a number"),
    ],
)
def test_marks_that_mean_nothing_are_refused(
    tmp_path_factory: pytest.TempPathFactory, option: str, said: str
) -> None:
    """An author who misspells a fact or a share reads which, and what to use."""
    graders = GRADERS.replace('about="dtype"', option)
    course = write_course(tmp_path_factory.mktemp("course"), graders)
    with pytest.raises(AuthorError) as refused:
        Preparation(course, read_release(course.release(NAME)), 1)
    assert said in str(refused.value)


def test_verify_tells_what_one_broken_fact_costs(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A mistake that is said to break one fact and costs too much, or else, is a fault."""
    course = write_course(tmp_path_factory.mktemp("course"), GRADERS)
    bank = course.mistakes(NAME)
    text = bank.read_text(encoding="utf-8").replace("return x / 2", "return x * 0.5")
    text += """

@mistake("half", "Which dtype does your result have?", breaks="dtype")
def in_double(x):
    return x.double() * 0.5


@mistake("half", "How many axes has your result?", breaks="dtype")
def one_axis_more(x):
    return (x * 0.5)[..., None]


@mistake("half", "What is half of four?", breaks="shape")
def a_third(x):
    return x * 0.3
"""
    bank.write_text(text, encoding="utf-8")
    verdicts = verify.verify(course, NAME, [1, 2])
    assert round(verdicts.prices[EXERCISE, "in_double"].share, 3) == 0.857
    faults = " ".join(verdicts.faults)
    assert "in_double" not in faults
    assert "half: one_axis_more breaks dtype alone, and fails shape" in faults
    assert "half: a_third breaks shape alone, and fails tables, many_axes" in faults
    assert "a_third breaks shape alone, and keeps 0% of the points" in faults


def test_a_score_by_chance_is_a_fault(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A check whose drawn inputs decide between right and wrong is named by verify."""
    graders = GRADERS.replace('"""Works for many axes."""', '"""Works."""').replace(
        "same.half(draw(3, 4, 2))", "same.half(draw.integers(0, 2, 1).float())"
    )
    course = write_course(tmp_path_factory.mktemp("course"), graders)
    bank = course.mistakes(NAME)
    text = bank.read_text(encoding="utf-8").replace("return x / 2", "return x * 0.5")
    text += """

@mistake("half", "What is half of one?")
def ones_stay(x):
    return torch.where(x == 1, x, x * 0.5)
"""
    bank.write_text(text.replace("from autograder", "import torch\nfrom autograder"))
    faults = verify.verify(course, NAME, range(1, 9)).faults
    assert any("ones_stay earns" in fault and "by chance" in fault for fault in faults)


ADDS_ITS_CALLS = "half.calls = getattr(half, 'calls', 0) + 1; return x * 0.5 + half.calls"


def test_what_stays_from_call_to_call_is_told(graded: Graded) -> None:
    """An answer that depends on the calls before it reads so; one that chance decides does not."""
    assert graded(ADDS_ITS_CALLS).remarks[0] == wording.REMEMBERS
    by_chance = graded("import os; return x * 0.5 + os.urandom(1)[0]")
    assert failed(by_chance)
    assert wording.REMEMBERS not in by_chance.remarks
    assert wording.REMEMBERS not in graded("return x * x").remarks


def test_where_alone_an_answer_stops_is_told(graded: Graded) -> None:
    """An error that comes for one kind of input only is told with that kind."""
    report = graded("assert x.dtype is not torch.float64; return x * 0.5")
    assert (
        report.remarks[0]
        == "As far as was tried, your code stops with an error only in other dtypes than float32."
    )
    assert not any("only" in remark for remark in graded("raise ValueError").remarks)


def test_a_check_that_cannot_go_on_says_why_where_torch_does(graded: Graded) -> None:
    """Where the way back is used up by the answer, the check reads so."""
    report = graded("y = x * x * 0.5; y.requires_grad and y.sum().backward(); return y / x")
    said = {check.name: check.message for check in report.checks}
    assert "could not go on: gradients were computed twice" in said["gradient"]

"""Answers that are no tensors: each kind is compared as what it is, and none by its type's name."""

import textwrap
from typing import Any

import numpy as np
import pytest
import torch

from autograder.course.source import read_release
from autograder.errors import AuthorError
from autograder.grading.facts import Fact, Tolerance, differences
from autograder.grading.grader import Preparation
from autograder.grading.start import start_grader
from autograder.model import Job, Settings
from tests.support.courses import NAME, hand_in, write_course

SETUP = """\
import dataclasses
from typing import NamedTuple
import numpy as np

@dataclasses.dataclass
class Fit:
    slope: float
    losses: list

class Range(NamedTuple):
    low: float
    high: float"""
HEAD = '''\
"""Hidden checks of week1."""

import numpy as np
import pytest
import torch


@pytest.mark.exercise("half")
def test_half(same, student, reference, draw):
    """Halves it."""
'''
# What the reference does, a wrong answer of the same type, and one that is right.
KINDS = {
    "a complex tensor": (
        "torch.fft.fft(x)", "torch.zeros(99, dtype=torch.complex64)",
        "torch.fft.ifft(x.conj()).conj() * x.numel()",
    ),
    "complex values": ("torch.fft.fft(x)", "torch.fft.fft(x).conj()", "torch.fft.fft(x + 0)"),
    "an array": ("x.numpy() / 2", "x.numpy() / 3", "np.asarray(x) * 0.5"),
    "a scalar": ("np.int64(len(x))", "np.int64(7)", "np.array(x).shape[0] + np.int64(0)"),
    "a set": (
        "{round(float(v), 3) for v in x}", "set()", "set(map(lambda v: round(v.item(), 3), x))",
    ),
    "a dataclass": ("Fit(2.0, [x])", "Fit(2.0, [x, x])", "Fit(losses=[x * 1], slope=2)"),
    "a named tuple": ("Range(x.min(), x.max())", "Range(x.max(), x.min())", "Range(*x.aminmax())"),
}  # fmt: skip


def definition(body: str, solution: bool = False) -> str:
    """The exercise's function with one line in it."""
    marks = ("    ### BEGIN SOLUTION\n", "    ### END SOLUTION\n") if solution else ("", "")
    return f"def half(x):\n{marks[0]}    return {body}\n{marks[1]}"


def course_of(root, body: str, *, check: str = "same.half(draw(5))", visible: str = ""):
    """A course whose reference returns this."""
    return write_course(
        root / "course",
        HEAD + textwrap.indent(check, "    ") + "\n",
        reference=definition(body, solution=True),
        visible=visible
        or "call(half, torch.ones(4)).holds('it is there', lambda r: r is not None)",
        setup=SETUP,
    )


def scores(course, root, *answers: str) -> list[float]:
    """What these answers earn, in one sandbox."""
    with start_grader(course, NAME, Settings(3)) as grader:
        files = [hand_in(course, root / f"s{i}", text) for i, text in enumerate(answers)]
        return [grader.grade(Job(f"s{i}", path)).score for i, path in enumerate(files)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_answer_of_the_right_type_earns_nothing(kind, tmp_path):
    """It is compared by its value; a right answer that is written otherwise earns all."""
    reference, wrong, right = KINDS[kind]
    course = course_of(tmp_path, reference)
    answers = [definition(body) for body in (reference, wrong, right)]
    assert scores(course, tmp_path, *answers) == [10, 0, 10]


@pytest.mark.parametrize(
    ("body", "what"),
    [("object()", "object"), ("[1, {'a': torch.nn.ReLU()}]", r"\[1\]\['a'\] is ReLU")],
)
def test_a_reference_that_cannot_be_compared_is_its_authors_error(body, what, tmp_path):
    """The check, the value and what to do are named; no answer is equal to it."""
    course = course_of(tmp_path, body)
    with pytest.raises(AuthorError, match=rf"(?s)::test_half: .*half\(\).*{what}.*probe"):
        Preparation(course, read_release(course.release(NAME)), 3)


def test_the_visible_check_of_such_a_reference_is_refused_too(tmp_path):
    """What the notebook's own check compares with must be able to cross as well."""
    visible = "call(half, torch.ones(4)).returns(None)"
    course = course_of(tmp_path, "object()", check="assert True", visible=visible)
    with pytest.raises(AuthorError, match=r"the visible check of half.*object"):
        Preparation(course, read_release(course.release(NAME)), 3)


def test_an_argument_that_cannot_be_sent_is_refused(tmp_path):
    """An author who hands over a module learns of it, and which check did it."""
    course = course_of(tmp_path, "x", check="same.half(torch.nn.ReLU())")
    with pytest.raises(AuthorError, match=r"::test_half: an argument cannot be sent: .*ReLU"):
        Preparation(course, read_release(course.release(NAME)), 3)


def test_where_both_raise_the_check_must_say_so(tmp_path):
    """A promise that is kept by failing alike is an author's error, unless it is asked for."""
    course = course_of(tmp_path, "x.no_such_thing()", check="same.half(draw(3))")
    with pytest.raises(AuthorError, match=r"AttributeError.*same\(raises=AttributeError\)"):
        Preparation(course, read_release(course.release(NAME)), 3)
    asked = course_of(
        tmp_path / "b", "x.no_such_thing()", check="same(raises=AttributeError).half(draw(3))"
    )
    right, wrong = definition("x.nothing()"), definition("x")
    assert scores(asked, tmp_path, right, wrong) == [10, 0]


def test_arrays_and_keywords_reach_the_function(tmp_path):
    """NumPy arguments, sets, dataclasses and keywords come as what they are, on both sides."""
    check = """\
x = draw(3).numpy()
assert same.half(x=x).value.dtype == np.float32
assert not student.half(x).changed
changes = student.half(x={"a": x, "b": {1, 2}})
assert changes.value["b"] == {1, 2}"""
    course = course_of(tmp_path, "x * 1 if isinstance(x, np.ndarray) else x", check=check)
    by_place = "def half(y):\n    return y"
    assert scores(course, tmp_path, definition("x"), by_place) == [10, 0]


def test_a_function_finds_the_class_that_the_setup_cell_gave(tmp_path):
    """A dataclass that a check hands over is of the class that student code knows."""
    check = """\
import dataclasses
@dataclasses.dataclass
class Fit:
    slope: float
    losses: list
same.half(Fit(2.0, [draw(2)]))"""
    body = "dataclasses.replace(x, slope=x.slope / 2) if isinstance(x, Fit) else 1 / 0"
    course = course_of(tmp_path, body, check=check)
    by_hand = definition("Fit(x.slope * 0.5, x.losses)")
    assert scores(course, tmp_path, definition(body), by_hand, definition("x")) == [10, 10, 0]


def test_an_argument_that_is_changed_is_noted_wherever_it_stands(tmp_path):
    """An array that is changed in place, or in a keyword, is not what was promised."""
    course = course_of(tmp_path, "x / 2", check="same.half(x=np.ones(3))")
    in_place = "def half(x):\n    x /= 2\n    return x"
    assert scores(course, tmp_path, in_place) == [8.0]


def test_numpys_numbers_are_numbers(tmp_path):
    """Where the reference counts with NumPy's, Python's own are right too, and vice versa."""
    counts = ["np.int64(len(x))", "len(x)", "np.int64(len(x) + 1)", "len(x) + 1"]
    shares = ["float(x.numel()) / 3", "np.float64(x.numel()) / 3", "np.float64(0.25)", "0.25"]
    for number, answers in enumerate((counts, shares)):
        course = course_of(tmp_path / str(number), answers[0])
        found = scores(course, tmp_path / str(number), *map(definition, answers))
        assert found == [10, 10, 0, 0]


class Endless(torch.Tensor):
    """A tensor that nobody can go through."""

    def __iter__(self):
        raise AssertionError("somebody went through it")


def test_a_tensor_is_measured_before_somebody_goes_through_its_rows():
    """One with many more rows than there should be things costs nothing to refuse."""
    got = torch.zeros(5).as_subclass(Endless)
    found = [one.fact for one in differences(got, [1.0, 2.0], Tolerance())]
    assert found == [Fact.TYPE, Fact.LENGTH]


@pytest.mark.parametrize("got", [np.array([1 + 1j]), [torch.tensor(1 + 1j)]], ids=["array", "list"])
def test_complex_numbers_are_no_others_with_a_part_left_out(got: Any) -> None:
    """They are of another type than real ones, and torch prints no warning about them."""
    (found,) = differences(got, torch.ones(1), Tolerance())
    assert (found.fact, found.slight) == (Fact.TYPE, False)

"""Annotations are what the student's Python has: in the answer, in helpers, in either reading."""

from __future__ import annotations

from collections.abc import Iterator

import nbformat
import pytest

from autograder.grading.grader import Grader
from autograder.grading.start import start_grader
from autograder.model import ExerciseReport, Settings, Status, Tier
from autograder.submissions import read
from tests.support.own_notebooks import COURSE, code, place, released, solutions

ASSIGNMENTS = {"a1_layers": "linear", "a4_gradient_flow": "init_weight"}
# The answer is called MINE, the exercise NAME.
RIGHT = {
    "type hints are values": "import typing\n"
    "def helper(x: Tensor, n: 'int' = 1) -> 'Tensor | None': ...\n"
    "assert typing.get_type_hints(helper) == {'x': Tensor, 'n': int, 'return': Tensor | None}\n"
    "NAME = MINE",
    "a signature has classes": "import inspect\n"
    "def NAME(*given: object, scale: float = 1.0) -> object:\n"
    "    kinds = [p.annotation for p in inspect.signature(NAME).parameters.values()]\n"
    "    assert kinds == [object, float]\n    return MINE(*given)",
    "converted by annotation": "def converted(function):\n    kinds = function.__annotations__\n"
    "    return lambda *given, **named: function(*given, **{k: kinds[k](v) for k, v in\n"
    "                                                     named.items()})\n---\n"
    "@converted\ndef scaled(value, by: float = 1.0):\n    return value * by\n---\n"
    "assert scaled(2, by='3') == 6\nNAME = MINE",
    "a data class with fields of its own types": "from dataclasses import dataclass, fields\n"
    "@dataclass\nclass Inner:\n    width: int = 1\n---\n@dataclass\nclass Outer:\n"
    "    inner: Inner\n    def run(self, *given):\n"
    "        assert fields(self)[0].type is Inner\n        return MINE(*given)\n---\n"
    "NAME = Outer(Inner()).run",
    "a class read by its annotations": "def built(kind):\n"
    "    made = {n: t() for n, t in kind.__annotations__.items()}\n"
    "    kind.__init__ = lambda self: self.__dict__.update(made)\n    return kind\n"
    "@built\nclass Settings:\n    sizes: list\n    scale: float\n---\n"
    "def NAME(*given):\n    assert Settings().sizes == []\n    return MINE(*given)",
    "single dispatch": "from functools import singledispatch\n@singledispatch\n"
    "def kind(value):\n    return 'other'\n@kind.register\ndef _(value: int):\n"
    "    return 'int'\n---\ndef NAME(*given):\n    assert kind(3) == 'int'\n"
    "    return MINE(*given)",
    "texts that the cell asks for": "from __future__ import annotations\n"
    "def helper(x: Tenor): ...\nassert helper.__annotations__ == {'x': 'Tenor'}\n---\n"
    "def later(x: Tensor): ...\nassert later.__annotations__ == {'x': 'Tensor'}\nNAME = MINE",
    "an unknown name": "def NAME(*given: Tenor) -> 'Tenor':\n    return MINE(*given)",
    "an unknown name beside known ones": "def NAME(*given: 'Tensor', by: float = 1.0) -> Tenor:\n"
    "    assert NAME.__annotations__['by'] is float\n    return MINE(*given)",
    "an unknown name in a body": "def NAME(*given):\n    def inner(value: Tenor) -> list[Tenor]:\n"
    "        found: Tenor = MINE(*value)\n        return found\n    return inner(given)",
    "a name of a package that is missing": "try:\n    from jaxtyping import Float\n"
    "except ImportError:\n    pass\n"
    "def NAME(*given: Float[Tensor, 'b n']):\n    return MINE(*given)",
    "a class that names itself": "class Node:\n    def then(self, other: Node) -> Node:\n"
    "        return other\nNAME = MINE",
    "an unknown type of a variable": "NAME: Tenor = MINE",
    "a default beside an annotation": "from typing import Annotated, Optional\n"
    "def NAME(*given: Annotated[Optional[Tensor], 'any'], by: 'float' = 1.0):\n"
    "    return MINE(*given)",
}  # fmt: skip
WRONG = {
    "an unknown default": "def NAME(*given, by: float = unknown):\n    return MINE(*given)",
    "an unknown name that is used": "def NAME(*given: Tenor):\n    return Tenor(MINE(*given))",
}


@pytest.fixture(scope="module", params=ASSIGNMENTS)
def grader(request: pytest.FixtureRequest) -> Iterator[Grader]:
    """A grader of one assignment."""
    with start_grader(COURSE, request.param, Settings(5, Tier.CONFINED)) as started:
        yield started


def graded(grader: Grader, form: str, around: str = "{}") -> ExerciseReport:
    """What is said of one exercise whose answer is bound in this form."""
    assignment = grader.assignment.name
    exercise = ASSIGNMENTS[assignment]
    notebook = released(assignment)
    answer = solutions(assignment)[exercise][0].replace(f"def {exercise}(", "def mine(")
    texts = [answer, *form.replace("NAME", exercise).replace("MINE", "mine").split("\n---\n")]
    at = place(notebook.cells, exercise)
    notebook.cells[at : at + 1] = [code(around.format(text)) for text in texts]
    content = nbformat.writes(notebook).encode()
    submission = read.parse(content, "a.ipynb", grader.assignment, "ana")
    (found,) = grader.report(submission, [exercise]).exercises
    return found


@pytest.mark.parametrize("form", RIGHT.values(), ids=RIGHT)
def test_annotations_cost_nothing(grader: Grader, form: str) -> None:
    """They are values, or texts where the notebook asks for that; unknown names are forgiven."""
    found = graded(grader, form)
    assert found.status is Status.PASSED, found.remarks


@pytest.mark.parametrize("form", RIGHT.values(), ids=RIGHT)
def test_annotations_cost_nothing_where_the_notebook_is_run(grader: Grader, form: str) -> None:
    """So it is where the notebook is run from top to bottom."""
    found = graded(grader, form, "%%scalene\n{}")
    assert found.as_notebook
    assert found.status is Status.PASSED, found.remarks


def test_annotations_that_fail_cost_nothing(grader: Grader) -> None:
    """After ``from torch import *`` int is a dtype: Jupyter stops at ``int | None``, we do not."""
    form = "from torch import *\ndef NAME(*given: int | None) -> int:\n    return MINE(*given)"
    assert graded(grader, form).status is Status.PASSED


@pytest.mark.parametrize("form", WRONG.values(), ids=WRONG)
def test_a_name_that_is_more_than_an_annotation_is_needed(grader: Grader, form: str) -> None:
    """What is unknown and used is a fault, in whatever annotation it stands as well."""
    assert graded(grader, form).score == 0

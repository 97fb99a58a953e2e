"""Writes the three stubs of a new exercise: its cells, a hidden check and a known mistake.

Every part that needs an author's thought holds a TODO, and the build refuses those one by one.
"""

from __future__ import annotations

import json
import keyword
import re
from pathlib import Path

from autograder.course.layout import Course
from autograder.course.source import RESERVED, read_source
from autograder.errors import AuthorError, UsageError
from autograder.model import Assignment

_MARKER = re.compile(r"^# %%.*$", re.MULTILINE)
_NUMBER = re.compile(r"^# #{2,4} +(\d+)\.(\d+) +·", re.MULTILINE)

_CELLS = '''\
# %% [markdown] nbgrader=<statement>
# ### <number> · TODO: a title
# *Difficulty 1 of 5 (★☆☆☆☆) · about 5 minutes · {points} points*
#
# **Why.** TODO: one sentence that says what it is good for.
#
# **Write** `<name>(x)`, which TODO: says what comes back.
#
# * TODO: the contract: shapes, dtypes, edge cases. Hidden checks may ask for nothing else.
#
# **Worked example.** TODO: one call with its result.

# %% nbgrader=<answer>
def <name>(x: Tensor) -> Tensor:
    """TODO: say in one line what comes back."""
    ### BEGIN SOLUTION
    TODO  # the reference solution
    ### END SOLUTION

# %% nbgrader=<check>
with visible_checks("<name>") as call:
    call(<name>, torch.tensor([1.0, 2.0])).returns(TODO)  # the expected result

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# TODO: ask for what decides the matter.
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# TODO: name the function or the rule to read about.
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# TODO: describe the steps in words.
#
# </details>

'''
_GRADER = '''

# <number> <name>


@pytest.mark.exercise("<name>")
def test_<name>_beyond_the_example(same, draw):
    """TODO: what this check is about, as a student who failed it will read it."""
    same.<name>(draw(4, 3))
'''
_MISTAKE = """

# <number> <name>


@mistake("<name>", "TODO: a question that points at the slip and does not give the answer.")
def <name>_returns_its_input(x):  # TODO: a slip that students really make
    return x
"""


def new_exercise(course: Course, assignment: str, name: str) -> list[str]:
    """Add the stubs of an exercise to the three files; return where each one begins."""
    if assignment not in course.assignments():
        known = ", ".join(course.assignments())
        raise UsageError(f"{assignment}: there is no such assignment. Take one of {known}.")
    _refuse_name(name, read_source(course.source(assignment)), course.source(assignment))
    source = course.source(assignment).read_text(encoding="utf-8")
    number = _next_number(source)
    place = _end_of_exercises(source, course.source(assignment))
    texts = {
        course.source(assignment): _with(source, place, _filled(_CELLS, name, number)),
        **_appended(course.graders(assignment), _filled(_GRADER, name, number)),
        **_appended(course.mistakes(assignment), _filled(_MISTAKE, name, number)),
    }
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
    return [f"{path}:{_first_line(text, name)}" for path, text in texts.items()]


def _refuse_name(name: str, assignment: Assignment, where: Path) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        raise UsageError(
            f"{name!r}: an exercise is named as a Python function, in small letters, digits and "
            "underscores. Take a name like smooth_labels."
        )
    taken = {*RESERVED, *(cell.grade_id for cell in assignment.cells)}
    names = set(re.findall(r"\w+", "\n".join(assignment.setup)))
    if name in taken | names:
        raise UsageError(f"{name}: {where} or its graders already use this name. Take another one.")


def _next_number(source: str) -> str:
    """One more than the last heading's number, such as 1.10 after 1.9."""
    found = _NUMBER.findall(source)
    return f"{found[-1][0]}.{int(found[-1][1]) + 1}" if found else "1.1"


def _end_of_exercises(source: str, where: Path) -> int:
    """Where the cell after the last check, and after the hints to it, begins."""
    starts = [marker.start() for marker in _MARKER.finditer(source)]
    markers = _MARKER.findall(source)
    checks = [i for i, marker in enumerate(markers) if '-check"' in marker]
    if not checks:
        remedy = "Write the first exercise by hand, as in another assignment."
        raise AuthorError(str(where), "there is no check cell to add an exercise after", remedy)
    following = checks[-1] + 1
    while following < len(markers) and '"hints"' in markers[following]:
        following += 1
    return starts[following] if following < len(markers) else len(source)


def _with(source: str, place: int, cells: str) -> str:
    before = source[:place].rstrip("\n")
    return f"{before}\n\n{cells}{source[place:]}"


def _appended(path: Path, stub: str) -> dict[Path, str]:
    if not path.is_file():
        raise AuthorError(str(path), "there is no such file", "Write it beside the others.")
    return {path: path.read_text(encoding="utf-8").rstrip("\n") + "\n" + stub}


def _filled(stub: str, name: str, number: str) -> str:
    marks = {
        "<statement>": _marks(f"{name}-statement", locked=True),
        "<answer>": _marks(name, solution=True),
        "<check>": _marks(f"{name}-check", grade=True, locked=True, points=10),
        "<name>": name,
        "<number>": number,
    }
    for mark, text in marks.items():
        stub = stub.replace(mark, text)
    return stub


def _marks(grade_id: str, points: int | None = None, **true: bool) -> str:
    """A cell's nbgrader metadata."""
    kinds = ("grade", "solution", "locked", "task")
    marks: dict[str, object] = {"schema_version": 3, **{k: true.get(k, False) for k in kinds}}
    marks["grade_id"] = grade_id
    return json.dumps(marks if points is None else {**marks, "points": points})


def _first_line(text: str, name: str) -> int:
    named = re.compile(rf'"{name}(-statement)?"')
    return next(i for i, line in enumerate(text.splitlines(), 1) if named.search(line))

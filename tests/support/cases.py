"""Cases: small percent files that say in their first lines what they are and what to expect.

    "Walks the stack to a value that it should return."

    # expect: linear=0
    # says: It came back as another type

The docstring is one sentence on what the student does. A case is known by its path without the
suffix, below tests/attacks or tests/faults: ``frames_and_memory/walks_frames_to_the_reference``.

Answers that a case does not give are filled in with right ones, so that every case also shows
whether it changes the score of an exercise that it does not touch. ``full`` expects every point,
``unreadable`` no score but a sentence. ``says`` is something that the student must read (one line
each), ``never`` what no report may repeat, ``flags`` what the instructor is told. ``form`` is the
kind of file that the cells are saved in (tests/support/forms.py), ``limit: short`` that the case
only ends by its time limits. A text that is too long to be written out is named in the cells and
computed: ``with: NAME = "x" * 1000``.
"""

from __future__ import annotations

import ast
import functools
import re
from dataclasses import dataclass
from pathlib import Path

from autograder.course.layout import Course
from autograder.course.source import read_source, without_marks
from tests.support import forms

ROOT = Path(__file__).parents[2]
ASSIGNMENT = "a1_layers"
_HEADER = re.compile(r"# (?P<key>expect|says|never|flags|form|limit|with): (?P<value>.+)")
_HALF_A_MARK = re.compile(r"^# %(?!%).*", re.MULTILINE)


@dataclass(frozen=True)
class Case:
    """One file of tests/attacks or tests/faults, parsed."""

    id: str  # its path below that folder, without the suffix
    story: str  # what the student does, in one sentence
    expect: str
    says: tuple[str, ...]
    never: tuple[str, ...]
    flags: tuple[str, ...]
    form: str  # how the file is made from the cells; see tests/support/forms.py
    hurried: bool  # graded with short limits, since it only ends by them
    cells: tuple[forms.Cell, ...]

    @property
    def name(self) -> str:
        """The name under which the case is submitted; no two cases share it."""
        return self.id.rpartition("/")[2]

    def scores(self) -> dict[str, float]:
        """What each exercise should earn."""
        lost = dict(part.split("=") for part in self.expect.split() if "=" in part)
        points = {e.id: e.points for e in assignment().exercises}
        assert lost.keys() <= points.keys(), f"{self.id} expects something of no exercise"
        return {name: float(lost.get(name, full)) for name, full in points.items()}

    def write(self, folder: Path) -> Path:
        """Write what the student submits."""
        suffix, content = forms.FORMS[self.form](list(self.cells))
        path = folder / f"{self.name}{suffix}"
        path.write_bytes(content)
        return path


@functools.cache
def assignment():  # type: ignore[no-untyped-def]
    """The assignment that the cases answer."""
    return read_source(Course(ROOT).source(ASSIGNMENT))


@functools.cache
def right_answers() -> dict[str, str]:
    """The reference's cells by exercise."""
    return {e.id: without_marks(e.answer) for e in assignment().exercises}


# --- reading --------------------------------------------------------------------------------------


def in_folder(folder: Path) -> list[Case]:
    """All cases in the folders of a folder, by path."""
    return [read(path) for path in sorted(folder.glob("*/**/*.py"))]


def read(path: Path) -> Case:
    """Read one case file."""
    below = path.relative_to(ROOT / "tests").with_suffix("").parts[1:]
    return parse(path.read_text(encoding="utf-8"), "/".join(below))


def parse(text: str, name: str) -> Case:
    """Make a case from the text of its file."""
    head = re.split(r"^# %%", text, maxsplit=1, flags=re.MULTILINE)[0]
    story = ast.get_docstring(ast.parse(head)) or ""
    assert _is_one_sentence(story), (
        f"{name} must begin with a docstring of one sentence that says what the student does"
    )
    if half := _HALF_A_MARK.search(text):
        raise AssertionError(f"{name}: a cell begins with # %%, not with {half[0][:30]}")
    found = [_field(line, name) for line in head.splitlines() if line.startswith("#")]
    fields = {match["key"]: match["value"] for match in found}
    lines = {key: _all(found, key) for key in ("says", "never", "flags")}
    return Case(
        id=name,
        story=story,
        expect=fields["expect"],
        form=fields.get("form", "notebook"),
        hurried="limit" in fields,
        cells=tuple(_filled_in(_spelt_out(forms.percent_cells(text), _all(found, "with")))),
        **lines,
    )


def _field(line: str, name: str) -> re.Match[str]:
    """One line of the header, taken apart."""
    found = _HEADER.fullmatch(line)
    assert found, f"{name}: no line of a header: {line!r}"
    return found


def _is_one_sentence(text: str) -> bool:
    return text.endswith(".") and ". " not in text and "\n" not in text


def _all(found: list[re.Match[str]], key: str) -> tuple[str, ...]:
    return tuple(match["value"] for match in found if match["key"] == key)


def _spelt_out(cells: list[forms.Cell], definitions: tuple[str, ...]) -> list[forms.Cell]:
    """The cells with the long texts that their header defines in place of their names."""
    for definition in definitions:
        name, _, expression = definition.partition(" = ")
        text = eval(expression)  # a line of this repository, not of a student
        cells = [forms.Cell(_replaced(c.source, name, text), c.grade_id) for c in cells]
    return cells


def _replaced(source: str, name: str, text: str) -> str:
    return re.sub(rf"\b{name}\b", lambda _: text, source)


def _filled_in(cells: list[forms.Cell]) -> list[forms.Cell]:
    """The case's cells with right answers before and after them, in the notebook's order."""
    given = {cell.grade_id for cell in cells}
    order = list(right_answers())
    places = [order.index(name) for name in given if name in order] or [0]
    rest = {i: name for i, name in enumerate(order) if name not in given}
    before = [forms.Cell(right_answers()[n], n) for i, n in rest.items() if i < min(places)]
    after = [forms.Cell(right_answers()[n], n) for i, n in rest.items() if i >= min(places)]
    kept = [cell for cell in cells if cell.source != DELETED]
    return [*before, *kept, *after]


DELETED = "# deleted"  # the source of a cell that the student lost

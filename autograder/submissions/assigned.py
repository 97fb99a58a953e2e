"""From cells to exercises: which cell answers what, by its id, else by the name that it binds.

Nothing is parsed here: what a cell binds at top level is seen by its lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from autograder.model import Assignment, Cell, Exercise, StudentCell
from autograder.submissions import conflict

MAX_CELL = 200_000  # characters of code in one cell
MAX_CODE = 300_000  # characters of code in all cells together
CODE = "code"
_LOOKED_AT = {"figure", "demo"}  # tags of cells that a release has to be looked at
_BEGINS = r"(?:(?:async +)?def +\w|class +\w|@\w|import +\w|from +[.\w]+ +import\b)"
_BEGINS_WITH_CODE = re.compile(rf"\s*{_BEGINS}")
_HEADING = re.compile(rf"\A\s*#{{1,6}} (?={_BEGINS})")  # put there by the keys 1 to 6


@dataclass(frozen=True)
class RawCell:
    """One cell that was submitted, and what its marks say."""

    source: str
    grade_id: str | None
    label: str
    kind: str = CODE
    tags: tuple[str, ...] = ()
    place: int = 0  # among all cells of the file


@dataclass(frozen=True)
class Assigned:
    """The cells that count, which of them stand above each exercise's check, and what to say."""

    cells: list[StudentCell]
    above: dict[str, int]
    notes: list[str]


def assigned(raw: Iterable[RawCell], assignment: Assignment) -> Assigned:
    """Give each exercise its cell, and say what is to be said of that; the rest are helpers."""
    notes: list[str] = []
    released = _Released(assignment)
    placed = [replace(cell, place=place) for place, cell in enumerate(raw)]
    cells = _within_limits(list(_candidates(placed, released, notes)), released.answers, notes)
    chosen = dict[int, tuple[str, ...]]()
    for exercise in assignment.exercises:
        index = _choose(cells, exercise.id, exercise.answer.source, notes)
        if index is not None:
            chosen[index] = (*chosen.get(index, ()), exercise.id)
    kept = [i for i, cell in enumerate(cells) if i in chosen or cell.kind == CODE]
    notes += _in_conflict(cells[i] for i in kept)
    found = [_student_cell(cells[i], chosen.get(i, ())) for i in kept]
    places = [cells[i].place for i in kept]
    return Assigned(found, dict(_above(placed, places, assignment)), notes)


def _student_cell(cell: RawCell, exercises: tuple[str, ...]) -> StudentCell:
    given = not exercises and not _LOOKED_AT.isdisjoint(cell.tags)
    return StudentCell(exercises, cell.source, cell.label, given)


def _above(
    raw: Iterable[RawCell], places: Sequence[int], assignment: Assignment
) -> Iterator[tuple[str, int]]:
    """How many of the cells that count stand above each exercise's check, if that is there."""
    code = [cell for cell in raw if cell.kind == CODE]
    known = {cell.grade_id or _squeezed(cell.source): cell.place for cell in code}
    for exercise in assignment.exercises:
        own = exercise.check
        check = known.get(own.grade_id or "", known.get(_squeezed(own.source)))
        if check is not None:
            yield exercise.id, sum(place <= check for place in places)


def all_stubs(cells: Iterable[StudentCell], exercise: Exercise) -> bool:
    """Whether nobody has written anything into the cells of an exercise."""
    own = (cell.source for cell in cells if exercise.id in cell.exercises)
    return all(_is_stub(source, exercise.answer.source) for source in own)


def bound_elsewhere(cells: Sequence[StudentCell], unanswered: Iterable[str]) -> frozenset[str]:
    """Exercises without an answer whose names some cell may bind in a way that is not seen here.

    That is so where a name is more than called: ``f = linear = g``, ``globals()["linear"] = g``.
    """
    return frozenset(
        name
        for name in unanswered
        for mention in [re.compile(rf"\b(?:def|class)\s+{name}\b|\b{name}\b(?!\s*[(.])")]
        if any(name not in cell.exercises and mention.search(cell.source) for cell in cells)
    )


# --- what may be the student's -------------------------------------------------------------------


class _Released:
    """What was handed out, to tell from it what a student wrote into its cells."""

    def __init__(self, assignment: Assignment) -> None:
        code = [cell for cell in assignment.cells if cell.kind == CODE and not cell.solution]
        self.answers = {e.id for e in assignment.exercises}
        self._cells = {
            c.grade_id: c for c in assignment.cells if c.grade_id and c.grade_id not in self.answers
        }
        self._sources = {_squeezed(cell.source) for cell in code}
        self._locked_code = [cell.source for cell in code if cell.grade_id in self._cells]
        self._open = {e.check.grade_id for e in assignment.exercises}
        self._open |= {cell.grade_id for cell in assignment.cells if "setup" in cell.tags}

    def is_code(self, cell: RawCell) -> bool:
        """Whether a cell of another kind may be code whose kind was changed."""
        perhaps_code = cell.grade_id in self.answers or _BEGINS_WITH_CODE.match(cell.source)
        return bool(perhaps_code) and cell.grade_id not in self._cells

    def is_as_it_was(self, cell: RawCell) -> bool:
        """Whether nothing was written in; a figure's or a demo's cell so is nobody's answer."""
        locked = self._cells.get(cell.grade_id or "")
        if locked:
            return not _is_edited(cell, locked)
        return cell.grade_id not in self.answers and _squeezed(cell.source) in self._sources

    def is_altered(self, cell: RawCell) -> bool:
        """Whether code was altered that is not the student's, so that nothing there can be read."""
        locked = self._cells.get(cell.grade_id or "")
        if locked is None or locked.source in cell.source or cell.grade_id in self._open:
            return False
        return not any(_defines(cell, name) for name in self.answers)

    def without(self, cell: RawCell) -> Iterator[RawCell]:
        """A cell without the code that was handed out, in as many cells as are left around it."""
        parts = [cell.source]
        if len(cell.source) <= MAX_CELL:
            for text in self._locked_code:
                parts = [part for one in parts for part in _around(text, one)]
        for place, part in enumerate(parts):
            if part == cell.source:
                yield cell
            elif part.strip():
                yield replace(cell, source=part.strip("\n"), place=cell.place + min(place, 1))


def _around(text: str, source: str) -> list[str]:
    """What stands before and after whole lines of a text."""
    return f"\n{source}\n".split(f"\n{text}\n") if text in source else [source]


def _candidates(raw: Iterable[RawCell], released: _Released, notes: list[str]) -> Iterator[RawCell]:
    """The cells without those that were handed out; of these, what was written into them."""
    for cell in raw:
        if cell.kind != CODE:
            if released.is_code(cell):
                yield replace(cell, source=_HEADING.sub("", cell.source))
        elif released.is_as_it_was(cell):
            continue
        elif released.is_altered(cell):
            notes.append(
                f"{cell.label} was handed out, and its code was changed: what is written there is "
                "not read. Write it into another cell."
            )
        else:
            yield from released.without(cell)


def _is_edited(cell: RawCell, released: Cell) -> bool:
    """Whether a student wrote into a cell, and not more than is read."""
    return len(cell.source) <= MAX_CELL and not _is_stub(cell.source, released.source)


def _within_limits(cells: list[RawCell], answers: set[str], notes: list[str]) -> list[RawCell]:
    """The cells without those that are too long; answers are the last to be given up."""
    left = MAX_CODE
    kept = dict[int, RawCell]()
    for i, cell in sorted(enumerate(cells), key=lambda pair: pair[1].grade_id not in answers):
        fits = len(cell.source) <= min(MAX_CELL, left)
        if not fits:
            notes.append(f"{cell.label} holds more code than is read; it was left out.")
        kept[i] = cell if fits else replace(cell, source="")
        left -= len(kept[i].source)
    return [kept[i] for i in range(len(cells))]


def _in_conflict(cells: Iterable[RawCell]) -> Iterator[str]:
    for cell in cells:
        if conflict.sides(cell.source):
            yield f"{cell.label} holds both sides of a merge conflict. Keep one of them."


# --- which cell ----------------------------------------------------------------------------------


def _choose(cells: list[RawCell], exercise: str, stub: str, notes: list[str]) -> int | None:
    """The index of the cell that answers an exercise: the last of the best that there are.

    Of a cell that was split, the part that defines the function is the answer. A text cell is
    one whose type was changed by a key press, where no code defines the function.
    """
    own = [i for i, cell in enumerate(cells) if cell.grade_id == exercise]
    defined = [i for i, cell in enumerate(cells) if _defines(cell, exercise)]
    code = [i for i in defined if cells[i].kind == CODE]
    written = {i for i in (*own, *defined) if not _is_stub(cells[i].source, stub)}
    for group in (
        [i for i in code if i in written and cells[i].grade_id == exercise],
        [i for i in code if i in written],
        [i for i in defined if i in written and cells[i].grade_id == exercise],
        [] if code else defined,
        [i for i in own if i in written],
    ):
        if group:
            notes += _about(exercise, [cells[i] for i in group], among_own=bool(own))
            return group[-1]
    every = own or code
    return every[-1] if every else None


def _about(exercise: str, found: list[RawCell], *, among_own: bool) -> Iterator[str]:
    """What a student should know of the cells that answer an exercise, of which the last counts."""
    last = found[-1]
    if len(found) > 1:
        labels = ", ".join(cell.label for cell in found)
        yield (
            f"{exercise} was answered more than once ({labels}). The last one counts, or the last "
            "above its check where that earns more."
        )
    if last.kind != CODE:
        yield (
            f"{exercise}: {last.label} is a text cell ({last.kind}), and was read as code. Make it "
            "a code cell again."
        )
    elif last.grade_id != exercise and (last.grade_id or among_own):
        yield f"{exercise}: the answer was found in {last.label}."


def _defines(cell: RawCell, exercise: str) -> bool:
    name = re.escape(exercise)
    return (
        re.search(rf"^(?:(?:async +)?def|class) +{name}\b|^{name} *[:=][^=]", cell.source, re.M)
        is not None
    )


def _is_stub(source: str, stub: str) -> bool:
    return _squeezed(source) in ("", _squeezed(stub))


def _squeezed(source: str) -> str:
    """A cell's text without blanks, which tools put in and take away; what is not read as it is."""
    return "".join(source.split()) if len(source) <= MAX_CELL else source

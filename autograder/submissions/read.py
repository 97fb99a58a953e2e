"""Reads what a student handed in: an untrusted file becomes code cells by exercise.

Nothing is executed or even parsed as Python here. Whatever is wrong with a file ends in one
sentence that its student can act on.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sized
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path, PurePath
from typing import Any

from autograder.errors import FileError, SubmissionError
from autograder.model import Assignment, Exercise, StudentCell, Submission
from autograder.submissions import archives, door, formats, strip_outputs
from autograder.submissions.archives import Member
from autograder.submissions.cells import Piece, markdown_cells, script_cells
from autograder.submissions.formats import Kind

MAX_FILE = 100 << 20  # bytes; outputs of 50 MB are a habit, not a crime
MAX_AT_HOME = strip_outputs.LARGEST  # characters of JSON; more is parsed in a process of its own
MAX_CELL = 200_000  # characters of code in one cell
MAX_CODE = 300_000  # characters of code in all cells together
MAX_CELLS = 2_000
MAX_WRAPPERS = 3
_GRADE_ID = re.compile(r"""['"]?grade_id['"]?: *['"]?([\w-]+)""")
_DEFINED = re.compile(r"^(?:(?:async +)?def|class) +([a-z_]\w{0,39})\b", re.A | re.I | re.M)
_CONFLICT = re.compile(r"^<{7} ", re.MULTILINE)


@dataclass(frozen=True)
class _RawCell:
    source: str
    grade_id: str | None
    label: str


@dataclass(frozen=True)
class _Opened:
    """A file's code cells, what it is, and what its student should know of it."""

    kind: Kind
    cells: list[_RawCell]
    language: str = ""  # in which a notebook says that it is, if that is not Python
    notes: tuple[str, ...] = ()


def read(path: Path, assignment: Assignment, student: str) -> Submission:
    """Read one file; raise SubmissionError with a sentence for the student."""
    return parse(_within_size(path), path.name, assignment, student)


def answers(path: Path, assignment: Assignment) -> int | None:
    """How many exercises a file answers, rightly or wrongly; None where it cannot be read."""
    try:
        return _count_answers(_opened(_within_size(path), path.name, assignment), assignment)
    except (SubmissionError, FileError):
        return None


def _within_size(path: Path) -> bytes:
    with _reaching(path):
        content = _bytes(path) if door.size(path) <= MAX_FILE else None
    if content is None:
        raise SubmissionError(
            f"The file is larger than {MAX_FILE >> 20} MB. Clear its outputs (Edit, Clear All "
            "Outputs), save and hand it in again."
        )
    return content


def content(path: Path) -> bytes:
    """Return a file's bytes, to be graded on another machine."""
    with _reaching(path):
        return _bytes(path)


def _bytes(path: Path) -> bytes:
    with door.opened(path) as file:
        return file.read()


def sha256(path: Path) -> str:
    """The digest of a file of any size."""
    with _reaching(path), door.opened(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def _reaching(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        what = f"{path}: cannot be read ({error.strerror})"
        raise FileError(f"{what}. Put it back and grade again.") from error


def parse(content: bytes, name: str, assignment: Assignment, student: str) -> Submission:
    """Turn a file's bytes into a Submission."""
    opened = _opened(content, name, assignment)
    cells, notes = _assigned(opened.cells, assignment)
    missing = _missing(cells, assignment)
    if len(missing) == len(assignment.exercises):
        raise SubmissionError(_no_exercise(opened, assignment))
    return Submission(
        assignment.name,
        student,
        name,
        hashlib.sha256(content).hexdigest(),
        tuple(cells),
        (*opened.notes, *notes),
        missing,
        _untouched(cells, assignment),
    )


def _count_answers(opened: _Opened, assignment: Assignment) -> int:
    cells, _ = _assigned(opened.cells, assignment)
    nothing_there = _missing(cells, assignment) | _untouched(cells, assignment)
    return len(assignment.exercises) - len(nothing_there)


def _missing(cells: list[StudentCell], assignment: Assignment) -> frozenset[str]:
    answered = {exercise for cell in cells for exercise in cell.exercises}
    return frozenset(e.id for e in assignment.exercises if e.id not in answered)


def _untouched(cells: list[StudentCell], assignment: Assignment) -> frozenset[str]:
    there = {e.id for e in assignment.exercises} - _missing(cells, assignment)
    return frozenset(e.id for e in assignment.exercises if e.id in there and _all_stubs(cells, e))


# --- a file in which no exercise is ------------------------------------------------------------


def _no_exercise(opened: _Opened, assignment: Assignment) -> str:
    """Say what is in a file instead of the exercises."""
    code = [cell for cell in opened.cells if cell.source.strip()]
    if not code:
        return (
            f"This is {opened.kind}, but there is no Python code in it. Open {assignment.name}"
            ".ipynb where you wrote your answers, save it and hand it in."
        )
    return (
        f"None of the exercises of {assignment.name} is in this file. "
        f"{_found(code, opened.language)} Hand in {assignment.name}.ipynb, with the functions "
        "named as in the one that was handed out."
    )


def _found(code: list[_RawCell], language: str) -> str:
    """How many code cells there are, and what they define: first what bears its cell's id."""
    if language:
        return f"It is a notebook in {language}, not in Python."
    cells = "1 code cell" if len(code) == 1 else f"{len(code):,} code cells"
    names = dict.fromkeys(name for cell in code for name in _DEFINED.findall(cell.source))
    names = dict.fromkeys(cell.grade_id for cell in code if cell.grade_id in names) or names
    defined = formats.listed(list(names)) if names else "no function"
    return f"It holds {cells}; defined there: {defined}."


# --- from bytes to cells -----------------------------------------------------------------------


def _opened(content: bytes, name: str, assignment: Assignment) -> _Opened:
    kind = formats.recognise(content, name)
    if kind is not Kind.ZIP:
        return _of_kind(kind, content, name)
    member = archives.only_notebook(content, assignment.name, _counter(assignment))
    opened = _member(member)
    if member.among == 1:
        return opened
    noun, shown = opened.kind.partition(" ")[2], formats.shown(member.path.name)
    chosen = f"The zip file holds more than one {noun}; {shown} was graded."
    return replace(opened, notes=(chosen, *opened.notes))


def _counter(assignment: Assignment) -> archives.Count:
    def count(member: Member) -> int | None:
        try:
            return _count_answers(_member(member), assignment)
        except SubmissionError:
            return None

    return count


def _member(member: Member) -> _Opened:
    kind = formats.recognise(member.content, member.path.name)
    if kind is Kind.ZIP:
        raise SubmissionError(archives.NESTED)
    return _of_kind(kind, member.content, member.path.name)


def _of_kind(kind: Kind, content: bytes, name: str) -> _Opened:
    match kind:
        case Kind.NOTEBOOK | Kind.JSON:
            return _notebook(formats.decoded(content), name)
        case Kind.SCRIPT:
            return _Opened(kind, _pieces(script_cells(formats.decoded(content))))
        case Kind.MARKDOWN:
            return _Opened(kind, _pieces(markdown_cells(formats.decoded(content))))
        case _:
            raise SubmissionError(formats.refusal(kind))


def _pieces(found: Iterable[Piece]) -> list[_RawCell]:
    pieces = list(islice(found, MAX_CELLS + 1))
    _refuse_too_many(pieces)
    ids = [_GRADE_ID.search(piece.mark) for piece in pieces]
    return [
        _RawCell(_clean(piece.source), found and found[1], piece.label)
        for piece, found in zip(pieces, ids, strict=True)
    ]


def _refuse_too_many(cells: Sized) -> None:
    if len(cells) > MAX_CELLS:
        raise SubmissionError(f"The notebook has more than {MAX_CELLS:,} cells. Delete the rest.")


# --- from JSON to cells ------------------------------------------------------------------------

_ENCODED = (
    "The notebook was saved as a text within JSON. It was taken out and graded; the next time, "
    "hand in the .ipynb as Jupyter saves it."
)
_WRAPPED = (
    "The notebook was saved within other JSON, as a server sends it. It was taken out and graded; "
    "the next time, hand in the .ipynb as Jupyter saves it."
)
_CHECKPOINT = (
    "This is a copy that Jupyter keeps for itself (a checkpoint). It may be older than the "
    "notebook that you saved."
)


def _notebook(text: str, name: str) -> _Opened:
    padded = text.endswith(("\0", "\v", "\f"))  # which JSON allows no file to end with
    text = text.rstrip("\0 \t\r\n\v\f") if padded else text
    value = _json(text.lstrip("\ufeff"), name)
    notes = [_CHECKPOINT] if PurePath(name).stem.endswith("-checkpoint") else []
    for _ in range(MAX_WRAPPERS):
        inner = _inside(value)
        if inner is None:
            break
        notes.append(_ENCODED if isinstance(inner, str) else _WRAPPED)
        value = _json(inner, name) if isinstance(inner, str) else inner
    if not _is_notebook(value):
        held = _held(value)
        raise SubmissionError(f"The file is not a notebook: it holds {held}. {formats.HAND_IN}")
    return _Opened(Kind.NOTEBOOK, _notebook_cells(value), _language(value), tuple(notes))


def _is_notebook(value: Any) -> bool:
    return isinstance(value, dict) and ("cells" in value or "worksheets" in value)


def _inside(value: Any) -> Any:
    """The one notebook that lies in another value, as an object or as text; else None."""
    if isinstance(value, str):
        return value if value.lstrip()[:1] in ('"', "{") else None
    if _is_notebook(value):
        return None
    parts = _list(value) or list(_dict(value).values())
    found = [part for part in parts if _is_notebook(part)]
    if not found and isinstance(text := _dict(value).get("content"), str):
        return _inside(text)
    return found[0] if len(found) == 1 else None


def _held(value: Any) -> str:
    """What other JSON than a notebook is."""
    match value:
        case dict():
            return f"an object with {formats.listed(list(value))}" if value else "an empty object"
        case list():
            return f"a list of length {len(value):,}"
        case str():
            return "a text"
        case _:
            return "a single value"


def _language(notebook: dict[str, Any]) -> str:
    metadata = _dict(notebook.get("metadata"))
    of_kernel = _dict(metadata.get("kernelspec")).get("language")
    language = of_kernel or _dict(metadata.get("language_info")).get("name")
    if not isinstance(language, str) or "python" in language.lower():
        return ""
    return formats.shown(language, 20).capitalize()


def _json(text: str, name: str) -> Any:
    try:  # a text alone takes no more memory than its JSON
        at_home = len(text) <= MAX_AT_HOME or re.match(r'\s*"', text)
        return json.loads(text) if at_home else _without_outputs(text)
    except json.JSONDecodeError as error:
        raise SubmissionError(_broken(text, error, name)) from None
    except (RecursionError, ValueError):
        raise SubmissionError("The file is not a notebook that Jupyter could open.") from None


def _without_outputs(text: str) -> Any:
    """Parse a large notebook elsewhere, where it may use up memory, and keep its code alone."""
    command = [sys.executable, "-I", "-S", strip_outputs.__file__]
    content = text.encode("utf-8", errors="surrogatepass")
    done = subprocess.run(command, input=content, capture_output=True, check=False)
    if done.returncode == strip_outputs.DAMAGED:
        message, position = json.loads(done.stdout)
        raise json.JSONDecodeError(message, text, position)
    if done.returncode != 0:
        raise ValueError("too large even without its outputs")
    notebook = json.loads(done.stdout)
    if not notebook["cells"]:
        raise SubmissionError(
            "No cell was found in this large file. Open it in Jupyter, clear its outputs (Edit, "
            "Clear All Outputs), save and hand it in again."
        )
    return notebook


def _broken(text: str, error: json.JSONDecodeError, name: str) -> str:
    if conflict := _CONFLICT.search(text):
        line = text.count("\n", 0, conflict.start()) + 1
        return (
            f"The notebook holds both sides of a Git merge conflict, the first at line {line}. "
            "Decide for one side, save it and hand it in again."
        )
    if '"cells' not in text and not name.lower().endswith(".ipynb"):
        return formats.refusal(Kind.JSON)
    if error.pos >= len(text.rstrip()) - 2 or "Unterminated" in error.msg:
        place = len(text.encode("utf-8", errors="replace"))
        return f"The notebook is cut off at byte {place}. Save it and hand it in again."
    return (
        f"The notebook is damaged at line {error.lineno}. Open it in Jupyter, save it and hand it "
        "in again."
    )


def _notebook_cells(notebook: dict[str, Any]) -> list[_RawCell]:
    cells = notebook.get("cells")
    if cells is None:  # nbformat 3 keeps its cells in worksheets
        sheets = notebook.get("worksheets")
        cells = [cell for sheet in _list(sheets) for cell in _list(_dict(sheet).get("cells"))]
    if not isinstance(cells, list):
        raise SubmissionError("The file is not a notebook that Jupyter could open.")
    _refuse_too_many(cells)
    found = (_notebook_cell(cell, number) for number, cell in enumerate(cells, 1))
    return [cell for cell in found if cell is not None]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _notebook_cell(cell: Any, number: int) -> _RawCell | None:
    if not isinstance(cell, dict) or cell.get("cell_type") != "code":
        return None
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str):
        return None
    grade_id = _dict(_dict(cell.get("metadata")).get("nbgrader")).get("grade_id")
    return _RawCell(
        _clean(source), grade_id if isinstance(grade_id, str) else None, f"cell {number}"
    )


def _clean(source: str) -> str:
    return source.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").strip("\n")


# --- from cells to exercises -------------------------------------------------------------------


def _assigned(raw: list[_RawCell], assignment: Assignment) -> tuple[list[StudentCell], list[str]]:
    """Give each exercise its cell: by id, else by what the cell defines; the rest are helpers."""
    notes: list[str] = []
    ours = {cell.grade_id for cell in assignment.cells if cell.grade_id}
    answers = {e.id for e in assignment.exercises}
    raw = [cell for cell in raw if cell.grade_id in answers or cell.grade_id not in ours]
    raw = _within_limits(raw, answers, notes)
    chosen = dict[int, tuple[str, ...]]()
    for exercise in assignment.exercises:
        index = _choose(raw, exercise.id, exercise.answer.source, notes)
        if index is not None:
            chosen[index] = (*chosen.get(index, ()), exercise.id)
    skipped = {
        i for i, cell in enumerate(raw)
        if cell.grade_id in answers and i not in chosen and _defines(cell, cell.grade_id)
    }  # fmt: skip
    cells = [
        StudentCell(chosen.get(i, ()), cell.source, cell.label)
        for i, cell in enumerate(raw) if i not in skipped
    ]  # fmt: skip
    return cells, notes


def _choose(raw: list[_RawCell], exercise: str, stub: str, notes: list[str]) -> int | None:
    """The index of the cell that answers an exercise: the last that is not empty or the stub.

    Of a cell that was split, the part that defines the function is the answer.
    """
    by_id = [i for i, cell in enumerate(raw) if cell.grade_id == exercise]
    by_name = [
        i for i, cell in enumerate(raw) if cell.grade_id is None and _defines(cell, exercise)
    ]
    for candidates in (by_id, by_name):
        written = [i for i in candidates if not _is_stub(raw[i].source, stub)]
        written = [i for i in written if _defines(raw[i], exercise)] or written
        if len(written) > 1:
            labels = ", ".join(raw[i].label for i in written)
            notes.append(f"{exercise} was answered more than once ({labels}); the last one counts.")
        if written:
            if candidates is by_name and by_id:
                notes.append(f"{exercise}: the answer was found in {raw[written[-1]].label}.")
            return written[-1]
    every = by_id or by_name
    return every[-1] if every else None


def _defines(cell: _RawCell, exercise: str) -> bool:
    name = re.escape(exercise)
    return (
        re.search(rf"^(?:(?:async +)?def|class) +{name}\b|^{name} *[:=][^=]", cell.source, re.M)
        is not None
    )


def _all_stubs(cells: list[StudentCell], exercise: Exercise) -> bool:
    own = (cell.source for cell in cells if exercise.id in cell.exercises)
    return all(_is_stub(source, exercise.answer.source) for source in own)


def _is_stub(source: str, stub: str) -> bool:
    squeezed = "".join(source.split())
    return not squeezed or squeezed == "".join(stub.split())


def _within_limits(raw: list[_RawCell], answers: set[str], notes: list[str]) -> list[_RawCell]:
    """The cells without those that are too long; answers are the last to be given up."""
    left = MAX_CODE
    kept = dict[int, _RawCell]()
    for i, cell in sorted(enumerate(raw), key=lambda pair: pair[1].grade_id not in answers):
        fits = len(cell.source) <= min(MAX_CELL, left)
        if not fits:
            notes.append(f"{cell.label} holds more code than is read; it was left out.")
        kept[i] = cell if fits else _RawCell("", cell.grade_id, cell.label)
        left -= len(kept[i].source)
    return [kept[i] for i in range(len(raw))]

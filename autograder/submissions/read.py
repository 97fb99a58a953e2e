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
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.errors import FileError, SubmissionError
from autograder.model import Assignment, Exercise, StudentCell, Submission
from autograder.submissions import archives, strip_outputs

MAX_FILE = 100 << 20  # bytes; outputs of 50 MB are a habit, not a crime
MAX_AT_HOME = strip_outputs.LARGEST  # characters of JSON; more is parsed in a process of its own
MAX_CELL = 200_000  # characters of code in one cell
MAX_CODE = 300_000  # characters of code in all cells together
MAX_CELLS = 2_000
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_PERCENT = re.compile(r"^# ?%%(.*)$", re.MULTILINE)
_GRADE_ID = re.compile(r'"grade_id": *"([\w-]+)"')


@dataclass(frozen=True)
class _RawCell:
    source: str
    grade_id: str | None
    label: str


def read(path: Path, assignment: Assignment, student: str) -> Submission:
    """Read one file; raise SubmissionError with a sentence for the student."""
    with _reaching(path):
        content = path.read_bytes() if path.stat().st_size <= MAX_FILE else None
    if content is None:
        raise SubmissionError(
            f"The file is larger than {MAX_FILE >> 20} MB. Clear its outputs (Edit, Clear All "
            "Outputs), save and hand it in again."
        )
    return parse(content, path.name, assignment, student)


def content(path: Path) -> bytes:
    """Return a file's bytes, to be graded on another machine."""
    with _reaching(path):
        return path.read_bytes()


def sha256(path: Path) -> str:
    """The digest of a file of any size."""
    with _reaching(path), path.open("rb") as file:
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
    raw = _raw_cells(content, name)
    cells, notes = _assigned(raw, assignment)
    answered = {exercise for cell in cells for exercise in cell.exercises}
    if not answered & {exercise.id for exercise in assignment.exercises}:
        raise SubmissionError(
            f"None of the exercises of {assignment.name} is in this file. Was it another "
            f"course's or another week's notebook? Hand in {assignment.name}.ipynb."
        )
    missing = frozenset(e.id for e in assignment.exercises if e.id not in answered)
    untouched = frozenset(
        e.id for e in assignment.exercises if e.id in answered and _all_stubs(cells, e)
    )
    sha256 = hashlib.sha256(content).hexdigest()
    return Submission(
        assignment.name, student, name, sha256, tuple(cells), tuple(notes), missing, untouched
    )


# --- from bytes to cells -----------------------------------------------------------------------


def _raw_cells(content: bytes, name: str) -> list[_RawCell]:
    suffix = Path(name).suffix.lower()
    if not content.strip():
        raise SubmissionError("The file is empty. Save the notebook and hand it in again.")
    if suffix == ".zip":
        member = archives.only_notebook(content)
        return _raw_cells(member.content, member.path.name)
    if suffix == ".py":
        return list(_script_cells(_text(content)))
    if suffix != ".ipynb":
        raise SubmissionError(_wrong_kind(suffix, content))
    return _notebook_cells(_json(_text(content)))


def _wrong_kind(suffix: str, content: bytes) -> str:
    kind = suffix.removeprefix(".") or "unknown"
    if content.startswith(b"%PDF"):
        kind = "pdf"
    return (
        f"This is a file of type {kind}, which cannot be graded. "
        "Hand in the notebook itself, the file that ends in .ipynb."
    )


def _text(content: bytes) -> str:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content.decode(encoding, errors="replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _json(text: str) -> dict[str, Any]:
    try:
        notebook = json.loads(text) if len(text) <= MAX_AT_HOME else _without_outputs(text)
    except json.JSONDecodeError as error:
        raise SubmissionError(_broken(text, error)) from None
    except (RecursionError, ValueError):
        raise SubmissionError("The file is not a notebook that Jupyter could open.") from None
    if not isinstance(notebook, dict):
        raise SubmissionError("The file is not a notebook: it holds no cells. Hand in the .ipynb.")
    return notebook


def _without_outputs(text: str) -> Any:
    """Parse a large notebook elsewhere, where it may use up memory, and keep its code alone."""
    command = [sys.executable, "-I", "-S", strip_outputs.__file__]
    done = subprocess.run(command, input=text.encode(), capture_output=True, check=False)
    if done.returncode == strip_outputs.DAMAGED:
        message, position = json.loads(done.stdout)
        raise json.JSONDecodeError(message, text, position)
    if done.returncode != 0:
        raise ValueError("too large even without its outputs")
    return json.loads(done.stdout)


def _broken(text: str, error: json.JSONDecodeError) -> str:
    if "{" not in text[:200]:
        return "The file is named .ipynb but is not a notebook. Save the notebook and try again."
    if error.pos >= len(text.rstrip()) - 2 or "Unterminated" in error.msg:
        place = len(text.encode())
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
    if len(cells) > MAX_CELLS:
        raise SubmissionError(f"The notebook has more than {MAX_CELLS:,} cells. Delete the rest.")
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


def _script_cells(text: str) -> Iterator[_RawCell]:
    """The cells of a .py file: marked by ``# %%``, else the whole file is one."""
    marks = list(_PERCENT.finditer(text))
    if not marks:
        yield _RawCell(_clean(text), None, "the file")
        return
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    for number, (mark, end) in enumerate(zip(marks, ends, strict=True), 1):
        if "[markdown]" not in mark[1]:
            found = _GRADE_ID.search(mark[1])
            yield _RawCell(_clean(text[mark.end() : end]), found and found[1], f"cell {number}")


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

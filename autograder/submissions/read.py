"""Reads what a student submitted: an untrusted file becomes code cells by exercise.

Nothing is executed or even parsed as Python here. Whatever is wrong with a file ends in one
sentence that its student can act on.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import re
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sized
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path, PurePath
from typing import Any

from autograder.errors import FileError, SubmissionError
from autograder.model import Assignment, Cell, StudentCell, Submission
from autograder.submissions import archives, conflict, door, formats, strip_outputs, wrapped
from autograder.submissions.archives import Member
from autograder.submissions.assigned import CODE, RawCell, all_stubs, assigned, bound_elsewhere
from autograder.submissions.cells import Piece, lines_ended, markdown_cells, script_cells
from autograder.submissions.formats import Kind
from autograder.submissions.marimo import is_marimo, marimo_cells
from autograder.submissions.pages import page_cells

MAX_FILE = 100 << 20  # bytes; outputs of 50 MB are a habit, not a crime
_PART = 1 << 20  # bytes
MAX_AT_HOME = strip_outputs.LARGEST  # characters of JSON; more is parsed in a process of its own
TOO_MUCH = (MemoryError, RecursionError)  # to read one file; the others are read all the same
MAX_CELLS = strip_outputs.MAX_CELLS
_MAX_NAMES = 10_000  # that are looked at, of what a file without the exercises defines
MAX_WRAPPERS = strip_outputs.MAX_WRAPPERS
_waited = threading.local()
_GRADE_ID = re.compile(r"""['"]?grade_id['"]?: *['"]?([\w-]+)""")
_DEFINED = re.compile(r"^(?:(?:async +)?def|class) +([a-z_]\w{0,39})\b", re.A | re.I | re.M)
_TAGS = re.compile(r"""\btags\b['"]?[=:] {0,3}(?:c\()?\[?([^][()\n]{0,200})""")


@dataclass(frozen=True)
class _Opened:
    """A file's cells, what it is, and what its student should know of it."""

    kind: Kind
    cells: list[RawCell]
    language: str = ""  # in which a notebook says that it is, if that is not Python
    notes: tuple[str, ...] = ()
    python: tuple[int, ...] = ()  # the version that a notebook says it was run with


def read(path: Path, assignment: Assignment, student: str) -> Submission:
    """Read one file; raise SubmissionError with a sentence for the student."""
    return parse(_within_size(path), path.name, assignment, student)


def answers(path: Path, assignment: Assignment, seconds: float = math.inf) -> int | None:
    """How many exercises a file answers, rightly or wrongly; None where it cannot be read.

    Of a zip file no more members are compared when it took so many seconds of ``clock``.
    """
    until = clock() + seconds
    try:
        opened = _opened(_within_size(path), path.name, assignment, until)
        return _count_answers(opened, assignment)
    except (SubmissionError, FileError, *TOO_MUCH):
        return None


def clock() -> float:
    """Seconds that this thread has worked, or waited for a process that reads for it."""
    return time.thread_time() + getattr(_waited, "seconds", 0.0)


def _within_size(path: Path) -> bytes:
    if len(found := content(path)) > MAX_FILE:
        raise SubmissionError(
            f"The file is larger than {MAX_FILE >> 20} MB. Clear its outputs (Edit, Clear All "
            "Outputs), save and submit it again."
        )
    return found


def content(path: Path) -> bytes:
    """A file's bytes; of one that is too large, as many as tell that it is.

    A file with holes may be larger than any memory, and costs its student nothing.
    """
    with _reaching(path), door.opened(path) as file:
        size = os.fstat(file.fileno()).st_size  # else Python takes the limit of memory for each
        return file.read(min(size, MAX_FILE) + 1)


def sha256(path: Path) -> str:
    """The digest of a file, as far as it is read; it is never whole in memory."""
    digest, left = hashlib.sha256(), MAX_FILE + 1
    with _reaching(path), door.opened(path) as file:
        while part := file.read(min(left, _PART)):
            digest.update(part)
            left -= len(part)
    return digest.hexdigest()


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
    found = assigned(opened.cells, assignment)
    missing = _missing(found.cells, assignment)
    untouched = _untouched(found.cells, assignment)
    elsewhere = bound_elsewhere(found.cells, missing | untouched)
    if len(missing - elsewhere) == len(assignment.exercises):
        raise SubmissionError(_no_exercise(opened, assignment))
    return Submission(
        assignment.name,
        student,
        name,
        hashlib.sha256(content).hexdigest(),
        tuple(found.cells),
        (*opened.notes, *found.notes),
        missing,
        untouched,
        found.above,
        elsewhere,
        opened.python,
    )


def cells(content: bytes, name: str) -> list[Cell]:
    """Every cell of a file that is read without its course: text and what was handed out too.

    Raises:
        SubmissionError: with a sentence for the student.
    """
    unknown = Assignment(PurePath(name).stem, "", (), ())
    try:
        opened = _opened(content, name, unknown)
    except TOO_MUCH:
        raise SubmissionError(_NOT_JUPYTERS) from None
    return [Cell(raw.kind, raw.source, raw.grade_id, tags=raw.tags) for raw in opened.cells]


def _count_answers(opened: _Opened, assignment: Assignment) -> int:
    cells = assigned(opened.cells, assignment).cells
    nothing_there = _missing(cells, assignment) | _untouched(cells, assignment)
    return len(assignment.exercises) - len(nothing_there)


def _missing(cells: list[StudentCell], assignment: Assignment) -> frozenset[str]:
    answered = {exercise for cell in cells for exercise in cell.exercises}
    return frozenset(e.id for e in assignment.exercises if e.id not in answered)


def _untouched(cells: list[StudentCell], assignment: Assignment) -> frozenset[str]:
    there = {e.id for e in assignment.exercises} - _missing(cells, assignment)
    return frozenset(e.id for e in assignment.exercises if e.id in there and all_stubs(cells, e))


# --- a file in which no exercise is ------------------------------------------------------------


def _no_exercise(opened: _Opened, assignment: Assignment) -> str:
    """Say what is in a file instead of the exercises."""
    code = [cell for cell in opened.cells if cell.kind == CODE and cell.source.strip()]
    if not code:
        return (
            f"This is {opened.kind}, but there is no Python code in it. Open {assignment.name}"
            ".ipynb where you wrote your answers, save it and submit it."
        )
    return (
        f"None of the exercises of {assignment.name} is in this file. "
        f"{_found(code, opened.language)} Submit {assignment.name}.ipynb, with the functions "
        "named as in the one that you were given."
    )


def _found(code: list[RawCell], language: str) -> str:
    """How many code cells there are, and what they define: first what bears its cell's id."""
    if language:
        return f"It is a notebook in {language}, not in Python."
    cells = "1 code cell" if len(code) == 1 else f"{len(code):,} code cells"
    every = (found[1] for cell in code for found in _DEFINED.finditer(cell.source))
    names = dict.fromkeys(islice(every, _MAX_NAMES))
    names = dict.fromkeys(cell.grade_id for cell in code if cell.grade_id in names) or names
    defined = formats.listed(list(names)) if names else "no function"
    return f"It holds {cells}; defined there: {defined}."


# --- from bytes to cells -----------------------------------------------------------------------


_NOT_JUPYTERS = "The file is not a notebook that Jupyter could open."


def _opened(content: bytes, name: str, assignment: Assignment, until: float = math.inf) -> _Opened:
    """The cells of a file; of a zip file, those of the member that counts."""
    kind = formats.recognise(content, name)
    if kind is not Kind.ZIP:
        return _of_kind(kind, content, name)
    member = archives.only_notebook(content, assignment.name, _counter(assignment, until))
    opened = _member(member)
    if member.among == 1:
        return opened
    noun, shown = opened.kind.partition(" ")[2], formats.shown(member.path.name)
    chosen = f"The zip file holds more than one {noun}; {shown} was graded."
    return replace(opened, notes=(chosen, *opened.notes))


def _counter(assignment: Assignment, until: float) -> archives.Count:
    """What counts a member's answers, while this thread's time is not up.

    Only whoever chooses among files has no more time: a grade never depends on a machine's speed.
    """

    def count(member: Member) -> int | None:
        if clock() > until:
            return None
        try:
            return _count_answers(_member(member), assignment)
        except (SubmissionError, *TOO_MUCH):
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
            text = formats.decoded(content)
            return _text(kind, text, marimo_cells if is_marimo(text) else script_cells)
        case Kind.MARKDOWN:
            return _text(kind, formats.decoded(content), markdown_cells)
        case Kind.NOTEBOOK_PAGE if found := _pieces(page_cells(formats.decoded(content))):
            return _Opened(kind, found, notes=(_PAGE,))
        case Kind.GZIP:
            return _ungzipped(content, name)
        case _:
            raise SubmissionError(formats.refusal(kind))


_PAGE = (
    "The notebook was saved as a web page. Its code was taken out and graded; the next time, "
    "submit the .ipynb itself."
)
_GZIP = (
    "The notebook was packed with gzip. It was unpacked and graded; the next time, submit the "
    ".ipynb itself."
)


def _ungzipped(content: bytes, name: str) -> _Opened:
    """The one file that gzip packed, if that has cells."""
    unpacking = zlib.decompressobj(wbits=31)
    with contextlib.suppress(zlib.error):
        inner = unpacking.decompress(content, MAX_FILE)
        whole = unpacking.eof and not unpacking.unused_data.strip(b"\0")
        name = name.removesuffix(".gz")
        kind = formats.recognise(inner, name)
        if whole and kind in (*formats.CELLS, Kind.JSON):
            opened = _of_kind(kind, inner, name)
            return replace(opened, notes=(_GZIP, *opened.notes))
    raise SubmissionError(formats.refusal(Kind.GZIP))


def _text(kind: Kind, text: str, reader: Callable[[str], Iterator[Piece]]) -> _Opened:
    """The cells of a text; of a merge conflict, where both sides have the same ones."""
    both = conflict.sides(text)
    if not both:
        return _Opened(kind, _pieces(reader(text)))
    ours, theirs = (_pieces(reader(side)) for side in both)
    if not _same(ours, theirs):
        raise SubmissionError(conflict.refusal(conflict.first_line(text)))
    return _Opened(kind, ours, notes=(_MERGED,))


_MERGED = (
    "The file holds a Git merge conflict. Both sides have the same code, which was graded; keep "
    "one side before you submit it again."
)


def _same(ours: list[RawCell], theirs: list[RawCell]) -> bool:
    """Whether two files hold the same, wherever it stands."""
    return [replace(cell, label="") for cell in ours] == [
        replace(cell, label="") for cell in theirs
    ]


def _pieces(found: Iterable[Piece]) -> list[RawCell]:
    pieces = list(islice(found, MAX_CELLS + 1))
    _refuse_too_many(pieces)
    return list(map(_piece, pieces))


def _piece(piece: Piece) -> RawCell:
    text = "raw" if "raw" in piece.mark else "markdown"
    found, tags = _GRADE_ID.search(piece.mark), _TAGS.search(piece.mark)
    return RawCell(
        _clean(piece.source),
        found and found[1],
        piece.label,
        CODE if piece.is_code else text,
        tuple(re.findall(r"[\w-]+", tags[1])) if tags else (),
    )


def _refuse_too_many(cells: Sized) -> None:
    if len(cells) > MAX_CELLS:
        raise SubmissionError(f"The notebook has more than {MAX_CELLS:,} cells. Delete the rest.")


# --- from JSON to cells ------------------------------------------------------------------------

_ENCODED = (
    "The notebook was saved as a text within JSON. It was taken out and graded; the next time, "
    "submit the .ipynb as Jupyter saves it."
)
_WRAPPED = (
    "The notebook was saved within other JSON, as a server sends it. It was taken out and graded; "
    "the next time, submit the .ipynb as Jupyter saves it."
)
_CHECKPOINT = (
    "This is a copy that Jupyter keeps for itself (a checkpoint). It may be older than the "
    "notebook that you saved."
)


def _notebook(text: str, name: str) -> _Opened:
    padded = text.endswith(("\0", "\v", "\f"))  # which JSON allows no file to end with
    text = text.rstrip("\0 \t\r\n\v\f") if padded else text
    value, notes = _json(text.lstrip("\ufeff\0"), name)
    if PurePath(name).stem.endswith("-checkpoint"):
        notes.append(_CHECKPOINT)
    for _ in range(MAX_WRAPPERS):
        inner = _inside(value)
        if inner is None:
            break
        notes.append(_ENCODED if isinstance(inner, str) else _WRAPPED)
        value, said = _json(inner, name) if isinstance(inner, str) else (inner, [])
        notes += said
    if not strip_outputs.is_notebook(value):
        held = _held(value)
        raise SubmissionError(f"The file is not a notebook: it holds {held}. {formats.HAND_IN}")
    cells, language = _notebook_cells(value), _language(value)
    return _Opened(Kind.NOTEBOOK, cells, language, tuple(notes), _python(value))


def _inside(value: Any) -> Any:
    """The one notebook that lies in another value, as an object or as text; else None."""
    if strip_outputs.is_notebook(value):
        return None
    return strip_outputs.inside(value) or wrapped.inside(value)


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


def _python(notebook: dict[str, Any]) -> tuple[int, ...]:
    """The version of Python that a notebook says it was run with: (3, 12), or nothing."""
    said = _dict(_dict(notebook.get("metadata")).get("language_info")).get("version")
    found = re.match(r"([23])\.(\d{1,3})(?!\d)", said, re.ASCII) if isinstance(said, str) else None
    return tuple(map(int, found.groups())) if found else ()


def _json(text: str, name: str) -> tuple[Any, list[str]]:
    """What JSON holds, and what is to be said of how it was read."""
    try:
        return loaded(text), []
    except json.JSONDecodeError as error:
        recovered = _merged(text) or _before_leftovers(text, error)
        if recovered is None:
            raise SubmissionError(_broken(text, error, name)) from None
        return recovered
    except (RecursionError, ValueError):
        raise SubmissionError(_NOT_JUPYTERS) from None


def loaded(text: str) -> Any:
    """Parse JSON, at home if it is small; a text alone takes no more memory than its JSON."""
    at_home = len(text) <= MAX_AT_HOME or re.match(r'\s*"', text)
    return json.loads(text) if at_home else _without_outputs(text)


_LEFTOVERS = (
    "Something that is no part of the notebook follows after its end. It was passed over; save "
    "the notebook in Jupyter before you submit it again."
)
_BEHIND = "\x1a\ufeff\0 \t\r\n\v\f"  # what may stand behind a notebook without a word


def _merged(text: str) -> tuple[Any, list[str]] | None:
    """A notebook in a merge conflict, where both sides have the same cells."""
    both = conflict.sides(text)
    with contextlib.suppress(ValueError, RecursionError, SubmissionError):
        ours, theirs = map(loaded, both or ())
        notebooks = strip_outputs.is_notebook(ours) and strip_outputs.is_notebook(theirs)
        if notebooks and _same(_notebook_cells(ours), _notebook_cells(theirs)):
            return ours, [_MERGED]
    return None


def _before_leftovers(text: str, error: json.JSONDecodeError) -> tuple[Any, list[str]] | None:
    """A notebook that is whole, and behind which no cell of another one stands."""
    if error.msg != "Extra data":
        return None
    whole, behind = text[: error.pos], text[error.pos :].strip(_BEHIND)
    value = None
    with contextlib.suppress(ValueError, RecursionError):  # too large even without its outputs
        value = loaded(whole)
    if behind == whole.strip():  # written twice
        behind = ""
    if not strip_outputs.is_notebook(value) or '"cell_type"' in behind:
        return None
    return value, [_LEFTOVERS] if behind else []


_STRIP = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from autograder.submissions import strip_outputs, wrapped; strip_outputs.main(wrapped.inside)"
)


def _without_outputs(text: str) -> Any:
    """Parse a large notebook elsewhere, where it may use up memory, and keep its code alone."""
    command = [sys.executable, "-I", "-S", "-c", _STRIP, str(Path(__file__).parents[2])]
    content = text.encode("utf-8", errors="surrogatepass")
    started = time.monotonic()
    done = subprocess.run(command, input=content, capture_output=True, check=False)
    _waited.seconds = getattr(_waited, "seconds", 0.0) + time.monotonic() - started
    if done.returncode == strip_outputs.DAMAGED:
        message, position = json.loads(done.stdout)
        raise json.JSONDecodeError(message, text, position)
    if done.returncode == strip_outputs.NO_CELLS:
        raise SubmissionError(
            "No cell was found in this large file. Open it in Jupyter, clear its outputs (Edit, "
            "Clear All Outputs), save and submit it again."
        )
    if done.returncode != 0:
        raise ValueError("too large even without its outputs")
    return json.loads(done.stdout)


def _broken(text: str, error: json.JSONDecodeError, name: str) -> str:
    if line := conflict.first_line(text):
        return conflict.refusal(line)
    if '"cells' not in text and ".ipynb" not in name.lower():
        return formats.refusal(Kind.JSON)
    if _ends_too_soon(text, error):
        place = len(text.encode("utf-8", errors="replace"))
        download = PurePath(name).suffix.lower() in _DOWNLOADS
        again = "Download it to its end" if download else "Save it"
        return f"The notebook is cut off at byte {place}. {again} and submit it again."
    if error.msg == "Extra data":
        return (
            f"More follows after the end of the notebook, at line {error.lineno}. Open the "
            "notebook where you wrote it, save it and submit it again."
        )
    return (
        f"The notebook is damaged at line {error.lineno}. Open it in Jupyter, save it and "
        "submit it again."
    )


_DOWNLOADS = (".crdownload", ".part", ".partial", ".download", ".opdownload", ".tmp")
_HALF = re.compile(r"\.|-|[eE][+-]?")  # of a number
_WORDS = ("true", "false", "null", "NaN", "Infinity", "-Infinity")


def _ends_too_soon(text: str, error: json.JSONDecodeError) -> bool:
    """Whether JSON is right up to its end, only that it goes on."""
    rest = text[error.pos :].strip()
    if "Unterminated" in error.msg or not rest or ("uXXXX" in error.msg and len(rest) <= 5):
        return True
    return _HALF.fullmatch(rest) is not None or any(word.startswith(rest) for word in _WORDS)


def _notebook_cells(notebook: dict[str, Any]) -> list[RawCell]:
    cells = notebook.get("cells")
    if cells is None:  # nbformat 2 and 3 keep their cells in worksheets
        sheets = notebook.get("worksheets")
        cells = [cell for sheet in _list(sheets) for cell in _list(_dict(sheet).get("cells"))]
    if not isinstance(cells, list):
        raise SubmissionError(_NOT_JUPYTERS)
    _refuse_too_many(cells)
    found = (_notebook_cell(cell, number) for number, cell in enumerate(cells, 1))
    return [cell for cell in found if cell is not None]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _notebook_cell(cell: Any, number: int) -> RawCell | None:
    if not isinstance(cell, dict):
        return None
    source = _source(cell)
    if not isinstance(source, str):
        return None
    metadata, kind = _dict(cell.get("metadata")), str(cell.get("cell_type")).strip().lower()
    grade_id = _dict(metadata.get("nbgrader")).get("grade_id")
    return RawCell(
        _clean(source),
        grade_id if isinstance(grade_id, str) else None,
        f"cell {number}",
        kind if kind in (CODE, "raw") else "markdown",
        tuple(tag for tag in _list(metadata.get("tags")) if isinstance(tag, str)),
    )


def _source(cell: dict[str, Any]) -> Any:
    """A cell's text: one text, or a list of its lines, some of which tools write without ends."""
    names = ("source", "input", "code")  # the latter of nbformat 3, 2 and 1
    source = next((cell[name] for name in names if name in cell), "")
    if not isinstance(source, list):
        return source
    lines = [line for line in source if isinstance(line, str)]
    ended = any("\n" in line or "\r" in line for line in lines)
    return ("" if ended else "\n").join(lines)


def _clean(source: str) -> str:
    return lines_ended(source).replace("\0", "").strip("\n")

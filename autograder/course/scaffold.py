"""Writes stubs: of a new exercise, of a new assignment, and a whole new course that works at once.

Every part of a stub that needs an author's thought holds a TODO, and the build refuses those one by
one. The texts lie in ``templates/``; what stands in ``<...>`` there is filled in here.
"""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from autograder.course.layout import Course
from autograder.course.source import RESERVED, read_source
from autograder.errors import AuthorError, UsageError
from autograder.model import Assignment

_MARKER = re.compile(r"^# %%.*$", re.MULTILINE)
_NUMBER = re.compile(r"^# #{2,4} +(\d+)\.(\d+) +·", re.MULTILINE)
_TEMPLATES = Path(__file__).parent / "templates"
POINTS = 10
FIRST = "week1"
# What differs between a course in torch and one in NumPy.
KINDS: Mapping[str, Mapping[str, str]] = {
    "torch": {
        "<imports>": "import torch\nimport torch.nn.functional as F\nfrom torch import Tensor, nn",
        "<bank>": "import torch",
        "<module>": "torch", "<array>": "tensor", "<type>": "Tensor", "<axis>": "dim",
        "<numpy>": "",
        "<reference>": "(x - x.mean(dim=0)) / x.std(dim=0, correction=0)",
        "<whole>": "x.std(correction=0)",
        "<variance>": "(x - x.mean(dim=0)) / x.var(dim=0, correction=0)",
    },
    "numpy": {
        "<imports>": "import numpy as np",
        "<bank>": "import numpy as np",
        "<module>": "np", "<array>": "array", "<type>": "np.ndarray", "<axis>": "axis",
        "<numpy>": ".numpy()",
        "<reference>": "(x - x.mean(axis=0)) / x.std(axis=0)",
        "<whole>": "x.std()",
        "<variance>": "(x - x.mean(axis=0)) / x.var(axis=0)",
    },
}  # fmt: skip
_EXAMPLES = {  # what two invented students submit
    "ana": "<reference>",
    "bela": "(x - x.mean()) / <whole>",
}


@dataclass(frozen=True)
class Added:
    """Where a new exercise's three stubs begin, and what it makes of its assignment."""

    places: tuple[str, ...]
    number: str
    points: float  # of the whole assignment now
    moved: tuple[tuple[str, str], ...] = ()  # numbers of exercises after it: before, and now


# --- a course ------------------------------------------------------------------------------------


def new_course(folder: Path, kind: str, assignment: str = FIRST) -> list[Path]:
    """Write a course with one assignment into an empty folder; return the files."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder}: there is something there already. Name a new folder.")
    _refuse_assignment(assignment)
    title = folder.resolve().name.replace("_", " ").replace("-", " ").strip().capitalize()
    words = {"<title>": title or "Course", "<id>": _as_id(title), "<name>": assignment}
    files = {
        "course.toml": _text("course.toml", words),
        "README.md": _text("README.md", words),
        ".gitignore": _text("gitignore", words),
        "nbgrader_config.py": _text("nbgrader_config", words),
        **_assignment_files(assignment, kind, example=True),
        **{f"examples/{who}/{assignment}.py": _handed_in(kind, who) for who in _EXAMPLES},
    }
    return _written(folder, files)


def new_assignment(course: Course, name: str, kind: str | None = None) -> list[Path]:
    """Write an assignment without exercises; in torch or NumPy as the course's others are."""
    _refuse_assignment(name)
    taken = [known for known in course.assignments() if _alike(known) == _alike(name)]
    if taken or (course.root / "source" / name).exists():
        raise UsageError(
            f"{name}: there is an assignment {(taken or [name])[0]}. Take another name."
        )
    others = [read_source(course.source(known)) for known in course.assignments()[-1:]]
    kind = kind or (_kind(others[0]) if others else "torch")
    return _written(course.root, _assignment_files(name, kind, example=False))


def _alike(name: str) -> str:
    """What two names have in common that file names of submissions do not tell apart."""
    return re.sub(r"[ _.-]+", "", name).casefold()


def _refuse_assignment(name: str) -> None:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
        raise UsageError(
            f"{name!r}: an assignment is named in letters, digits and underscores, beginning with "
            "a letter. Take a name like hw1."
        )


def _assignment_files(name: str, kind: str, *, example: bool) -> dict[str, str]:
    words = {**KINDS[kind], "<assignment>": name, "<title>": name.replace("_", " ").capitalize()}
    bank = {**words, "<imports>": words["<bank>"]}
    cells = _filled(_text("example_cells", words), "standardize", "1.1") if example else ""
    frame = {**words, "<exercises>": cells, **_LOCKED}
    graders, mistakes = _text("graders", words), _text("mistakes", bank)
    if example:
        graders += _text("example_graders", words)
        mistakes += _text("example_mistakes", words)
    folder = f"source/{name}"
    return {
        f"{folder}/{name}.py": _text("frame", frame),
        f"{folder}/graders.py": graders,
        f"{folder}/mistakes.py": mistakes,
    }


def _handed_in(kind: str, who: str) -> str:
    words = KINDS[kind]
    body = _replaced(_EXAMPLES[who], words)
    return f"# %%\n{words['<imports>']}\n\n# %%\ndef standardize(x):\n    return {body}\n"


def _written(root: Path, files: Mapping[str, str]) -> list[Path]:
    made = []
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        made.append(path)
    return made


def _as_id(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "course"


def _kind(assignment: Assignment) -> str:
    """In what an assignment's answers are written, by its setup cells."""
    setup = "\n".join(assignment.setup)
    return "torch" if re.search(r"^(import|from) +torch\b", setup, re.MULTILINE) else "numpy"


# --- an exercise ---------------------------------------------------------------------------------


def new_exercise(course: Course, assignment: str, name: str) -> Added:
    """Add the stubs of an exercise to the three files, before a bonus."""
    if assignment not in course.assignments():
        known = ", ".join(course.assignments())
        raise UsageError(f"{assignment}: there is no such assignment. Take one of {known}.")
    path = course.source(assignment)
    parsed = read_source(path)
    _refuse_name(name, parsed, path)
    source = path.read_text(encoding="utf-8")
    later = [exercise.id for exercise in parsed.exercises if exercise.bonus]
    place = _place(source, later)
    number, moved = _numbers(source, place, course.assignments().index(assignment) + 1)
    words = {**KINDS[_kind(parsed)]}
    stubs = {
        part: _filled(_text(part, words), name, number) for part in ("cells", "grader", "mistake")
    }
    texts = {
        path: _with(source, place, stubs["cells"], moved),
        **_added(course.graders(assignment), stubs["grader"], later, moved),
        **_added(course.mistakes(assignment), stubs["mistake"], later, moved),
    }
    for file, text in texts.items():
        file.write_text(text, encoding="utf-8")
    places = tuple(f"{file}:{_first_line(text, name)}" for file, text in texts.items())
    return Added(places, number, parsed.max_score + POINTS, tuple(moved.items()))


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


def _numbers(source: str, place: int, chapter: int) -> tuple[str, dict[str, str]]:
    """The new exercise's number, and what becomes of the numbers of those after it."""
    before = _NUMBER.findall(source[:place])
    after = _NUMBER.findall(source[place:])
    if not before:
        first = after[0] if after else (str(chapter), "1")
        number = int(first[1])
        major = first[0]
    else:
        major, number = before[-1][0], int(before[-1][1]) + 1
    moved = {f"{major}.{n}": f"{major}.{int(n) + 1}" for m, n in after if m == major}
    return f"{major}.{number}", moved


def _place(source: str, bonus: list[str]) -> int:
    """Where the first bonus begins; else where the cell after the last check and its hints does."""
    starts = [marker.start() for marker in _MARKER.finditer(source)]
    markers = _MARKER.findall(source)
    own = [
        i for i, marker in enumerate(markers) if any(f'"{b}-statement"' in marker for b in bonus)
    ]
    if own:
        return starts[_with_heading(markers, own[0])]
    checks = [i for i, marker in enumerate(markers) if '-check"' in marker]
    if not checks:
        ends = [i for i, marker in enumerate(markers) if '"scorecard"' in marker]
        return starts[ends[0]] if ends else len(source)
    following = checks[-1] + 1
    while following < len(markers) and '"hints"' in markers[following]:
        following += 1
    return starts[following] if following < len(markers) else len(source)


def _with_heading(markers: list[str], cell: int) -> int:
    """The first of the text cells that lead to a statement."""
    while cell and re.fullmatch(r"# %% \[markdown\] *", markers[cell - 1]):
        cell -= 1
    return cell


def _with(source: str, place: int, cells: str, moved: Mapping[str, str]) -> str:
    before = source[:place].rstrip("\n")
    after = _NUMBER.sub(lambda head: _moved(head[0], moved), source[place:])
    return f"{before}\n\n{cells}{after}"


def _moved(text: str, moved: Mapping[str, str]) -> str:
    return re.sub(
        r"\b\d{1,3}\.\d{1,3}\b", lambda number: moved.get(number[0], number[0]), text, count=1
    )


def _added(path: Path, stub: str, later: list[str], moved: Mapping[str, str]) -> dict[Path, str]:
    """A file with the stub before what belongs to a bonus, as far as a comment says where."""
    if not path.is_file():
        raise AuthorError(str(path), "there is no such file", "Write it beside the others.")
    text = path.read_text(encoding="utf-8")
    names = "|".join(map(re.escape, later)) or "(?!)"
    heads = re.compile(rf"^# \d+\.\d+ (?:{names})\b.*$", re.MULTILINE)
    head = heads.search(text)
    before, after = (text[: head.start()], text[head.start() :]) if head else (text, "")
    after = heads.sub(lambda found: _moved(found[0], moved), after)
    return {path: before.rstrip("\n") + "\n" + stub + (f"\n\n{after}" if after else "")}


def _text(name: str, words: Mapping[str, str]) -> str:
    return _replaced((_TEMPLATES / name).read_text(encoding="utf-8"), words)


def _replaced(text: str, words: Mapping[str, str]) -> str:
    for _ in range(2):  # what is filled in may hold marks itself
        for mark, word in words.items():
            text = text.replace(mark, word)
    return text


def _filled(stub: str, name: str, number: str) -> str:
    marks = {
        "<statement>": _marks(f"{name}-statement", locked=True),
        "<answer>": _marks(name, solution=True),
        "<check>": _marks(f"{name}-check", grade=True, locked=True, points=POINTS),
        "<name>": name,
        "<number>": number,
    }
    return _replaced(stub, marks)


def _marks(grade_id: str, points: int | None = None, **true: bool) -> str:
    return json.dumps(cell_marks(grade_id, points, **true))


def cell_marks(grade_id: str, points: float | None = None, **true: bool) -> dict[str, object]:
    """A cell's nbgrader metadata."""
    kinds = ("grade", "solution", "locked", "task")
    marks: dict[str, object] = {"schema_version": 3, **{k: true.get(k, False) for k in kinds}}
    marks["grade_id"] = grade_id
    return marks if points is None else {**marks, "points": points}


_LOCKED = {
    f"<{grade_id}>": _marks(grade_id, locked=True)
    for grade_id in ("welcome", "setup", "visible-checks", "scorecard")
}


def _first_line(text: str, name: str) -> int:
    named = re.compile(rf'"{name}(-statement)?"')
    return next(i for i, line in enumerate(text.splitlines(), 1) if named.search(line))

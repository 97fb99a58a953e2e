"""Finds submissions: files, folders, nbgrader's trees, and what an LMS makes of a class.

Nobody is lost here: two students' files never get one handle, and of several files of one student
it is said which one counts.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from autograder.errors import UsageError
from autograder.model import Job
from autograder.submissions import lms


@dataclass
class Found:
    """The submissions of each assignment, by student, and what an instructor should know."""

    jobs: dict[str, list[Job]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _File:
    """A submitted file: what the student had called it, and whose it is where that is said."""

    path: Path
    title: str
    student: str | None = None
    depth: int = 0  # below the folder that was named; 0 is the file that was named itself


def find(paths: Iterable[Path], assignments: Sequence[str], only: str | None) -> Found:
    """Return the submissions of each assignment, one of each student, in a stable order."""
    once = {file.path.absolute(): file for path in paths for file in _files(path)}
    files = _by_assignment(once.values(), assignments, only)
    if not files:
        raise UsageError(
            "No submission was found. Name a notebook, a folder of notebooks, or a tree like "
            "submitted/<student>/<assignment>/<notebook>.ipynb."
        )
    found = Found()
    for name, own in files.items():
        found.jobs[name] = list(_one_of_each(own, name, found.remarks))
    return found


def _one_of_each(files: Sequence[_File], assignment: str, remarks: list[str]) -> Iterator[Job]:
    by_student: dict[str, list[_File]] = {}
    for file in _with_students(files, assignment):
        by_student.setdefault(str(file.student), []).append(file)
    for student, own in sorted(by_student.items()):
        yield Job(student, _counting(own, assignment, remarks).path)


def _counting(files: Sequence[_File], assignment: str, remarks: list[str]) -> _File:
    """Of one student's files the one that is named as it was released, else the newest."""
    released = [file for file in files if file.title == f"{assignment}.ipynb"]
    chosen = max(released or files, key=lambda file: file.path.stat().st_mtime_ns)
    if rest := sorted({str(file.path) for file in files} - {str(chosen.path)}):
        remarks.append(
            f"{chosen.student} handed in {len(rest) + 1} files for {assignment}: {chosen.path} "
            f"counts, not {', '.join(rest)}. Remove or rename a file to choose otherwise."
        )
    return chosen


# --- which files ---------------------------------------------------------------------------------


def _by_assignment(
    found: Iterable[_File], assignments: Sequence[str], only: str | None
) -> dict[str, list[_File]]:
    files: dict[str, list[_File]] = {}
    for file in found:
        named = _assignment(file, assignments)
        if only is not None and named not in (None, only):
            continue
        name = only or named
        if name is None:
            known = ", ".join(assignments)
            raise UsageError(
                f"{file.path}: which assignment is it? Add --assignment (one of {known})."
            )
        files.setdefault(name, []).append(file)
    return files


def _files(path: Path) -> Iterator[_File]:
    """Files, and whose they are where an LMS or an exchange says so; of attempts, the last."""
    if not path.exists():
        raise UsageError(f"{path}: there is no such file or folder. Check the path.")
    if path.suffix.lower() == ".zip" and path.is_file() and lms.is_download(path):
        unpacked = Path(tempfile.mkdtemp(prefix="autograder-"))
        atexit.register(shutil.rmtree, unpacked, ignore_errors=True)
        for file, said in lms.unpack(path, unpacked):
            yield _File(file, said.file, said.student)
        return
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if _is_submission(p))
    known = {file: lms.recognise(file.relative_to(path.parent).as_posix()) for file in files}
    last = {known[file] or file: file for file in files}
    for whose, file in last.items():
        said = whose if isinstance(whose, lms.HandedIn) else lms.HandedIn("", file.name)
        yield _File(file, said.file, said.student or None, len(file.relative_to(path).parts))


def _is_submission(path: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.parts[-3:])
    return (
        path.suffix.lower() in lms.KINDS and path.is_file() and not path.is_symlink() and not hidden
    )


def _assignment(file: _File, assignments: Sequence[str]) -> str | None:
    """The assignment that a path names: its folder, the file's beginning, the folder above."""
    for part in (file.path.parent.name, file.title, file.path.parent.parent.name):
        named = [name for name in assignments if part.startswith(name)]
        if named:
            return max(named, key=len)  # week10 begins with week1 too
    return None


# --- whose files ---------------------------------------------------------------------------------


def _with_students(files: Sequence[_File], assignment: str) -> Iterator[_File]:
    """Read from names and folders whose file each is, where nobody has said so."""
    unsaid = [file for file in files if file.student is None]
    names = Counter(file.path.stem for file in unsaid)
    within = [file for file in unsaid if file.path.absolute().parent.name == assignment]
    for file in files:
        if file.student:
            yield file
        elif file in within:
            yield replace(file, student=_within(file, assignment, within))
        else:
            repeated = names[file.path.stem] > 1
            yield replace(file, student=_beside(file, assignment, repeated=repeated))


def _within(file: _File, assignment: str, within: Sequence[_File]) -> str:
    """Whose a file in an assignment's folder is: whose folder that is, as nbgrader has it.

    Unless it is the only such folder and holds a whole class: many files, each with a name of its
    own. A student's own files may bear anybody's name.
    """
    one_folder = len({each.path.parent for each in within}) == 1 < len(within)
    named = all(_own_name(each, assignment) for each in within)
    a_class = one_folder and named and file.depth <= 2
    return _own_name(file, assignment) if a_class else file.path.absolute().parent.parent.name


def _beside(file: _File, assignment: str, *, repeated: bool) -> str:
    """Whose another file is: the folder's, where files have one name or none of their own."""
    own = _own_name(file, assignment)
    by_folder = repeated or (not own and file.depth > 1)
    return file.path.absolute().parent.name if by_folder else own or file.path.stem


def _own_name(file: _File, assignment: str) -> str:
    return file.path.stem.removeprefix(assignment).strip("_- ")

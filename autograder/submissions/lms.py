"""Learning management systems: whose file is which in the zip that an instructor downloads.

Canvas names a file doejane_LATE_4711_99887_week1-2.ipynb, Moodle a folder (or the start of a
file) "Jane Doe_4711_assignsubmission_file_", Gradescope a folder submission_123 beside a
submission_metadata.yml, nbgrader's exchange a folder ada+week1+time+random. The handle made of
it (doejane_4711) keeps the system's own number, by which the grades find their way back.
"""

from __future__ import annotations

import re
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from autograder.errors import UsageError
from autograder.submissions.names import file_stem

MAX_MEMBER = 100 << 20  # bytes, unpacked
MAX_TOTAL = 20 << 30
KINDS = {".ipynb", ".py", ".zip", ".html", ".pdf"}
_CANVAS = re.compile(r"(?P<who>[^_/]+)_(?:LATE_)?(?P<id>\d+)_\d+_(?P<file>.+)")
_CANVAS_AGAIN = re.compile(r"-\d+(?=\.\w+$)")  # the second, third, ... attempt
_MOODLE = re.compile(r"(?P<who>.+)_(?P<id>\d+)_assignsubmission_file_?(?P<file>.*)")
_GRADESCOPE = re.compile(r"submission_(?P<id>\d+)")
_EXCHANGE = re.compile(r"(?P<who>[^+]+)\+[^+]+\+[^+]+\+[^+]+")
METADATA = "submission_metadata.yml"


@dataclass(frozen=True)
class HandedIn:
    """Whose file a path in a download is, and what the student had called it."""

    student: str
    file: str


def recognise(path: str) -> HandedIn | None:
    """Read a path of a Canvas, Moodle or Gradescope download; None where it is of no such form.

    The outermost folder tells: what lies below it is the student's, and may be called anything.
    """
    folders = PurePosixPath(path).parent.parts
    name = PurePosixPath(path).name
    for folder in folders:
        if found := _MOODLE.fullmatch(folder):
            return HandedIn(_handle(found), name)
        if found := _GRADESCOPE.fullmatch(folder):
            return HandedIn(folder, name)
        if found := _EXCHANGE.fullmatch(folder):
            return HandedIn(found["who"], name)
    if found := _MOODLE.fullmatch(name):
        return HandedIn(_handle(found), found["file"])
    if found := _CANVAS.fullmatch(name):
        return HandedIn(_handle(found), _CANVAS_AGAIN.sub("", found["file"]))
    return None


def _handle(found: re.Match[str]) -> str:
    return f"{found['who']}_{found['id']}"


def gradescope_students(metadata: str) -> dict[str, str]:
    """Folder -> e-mail address of its (first) submitter, from submission_metadata.yml's text."""
    students: dict[str, str] = {}
    folder = ""
    for line in metadata.splitlines():
        if found := re.match(r"(submission_\d+):", line):
            folder = found[1]
        elif found := re.match(r"[ -]*:email: *['\"]?([^'\"\s]+)", line):
            students.setdefault(folder, found[1])
    return students


# --- the zip of a whole class --------------------------------------------------------------------


def is_download(archive: Path) -> bool:
    """Whether a zip file holds a class's submissions, and not one student's notebook."""
    if not zipfile.is_zipfile(archive):
        return False
    with zipfile.ZipFile(archive) as opened:
        return any(recognise(name) for name in opened.namelist())


def unpack(archive: Path, folder: Path) -> Iterator[tuple[Path, HandedIn]]:
    """Write a class's files below ``folder`` under names of our own; yield each and whose it is.

    Only regular members are read, and never more than their limit: of one that is larger, a file
    of that size without content stands for it, so that its student hears why.
    """
    with zipfile.ZipFile(archive) as opened:
        infos = [info for info in opened.infolist() if _is_submission(info)]
        if sum(min(info.file_size, MAX_MEMBER) for info in infos) > MAX_TOTAL:
            raise UsageError(f"{archive}: is too large when unpacked. Split it into smaller ones.")
        students = _submitters(opened)
        for place, info in enumerate(infos):
            found = recognise(info.filename)
            if found:
                path = folder / str(place) / _own_name(found.file)
                path.parent.mkdir(parents=True)
                _extract(opened, info, path)
                yield path, HandedIn(students.get(found.student, found.student), found.file)


def _is_submission(info: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(info.filename)
    regular = stat.S_IFMT(info.external_attr >> 16) in (0, stat.S_IFREG) and not info.is_dir()
    chaff = any(
        (part.startswith(".") and part != "..") or part == "__MACOSX" for part in path.parts
    )
    return regular and not chaff and path.suffix.lower() in KINDS


def _own_name(name: str) -> str:
    path = PurePosixPath(name)
    return f"{file_stem(path.stem)}{path.suffix.lower()}"


def _submitters(opened: zipfile.ZipFile) -> dict[str, str]:
    """Gradescope's list of who submitted what, where there is one."""
    for info in opened.infolist():
        path = PurePosixPath(info.filename)
        students_own = any(_GRADESCOPE.fullmatch(folder) for folder in path.parts)
        if path.name == METADATA and not students_own and info.file_size < MAX_MEMBER:
            return gradescope_students(opened.read(info).decode("utf-8", errors="replace"))
    return {}


def _extract(opened: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> None:
    with path.open("wb") as file:
        try:
            if info.file_size > MAX_MEMBER:
                file.truncate(MAX_MEMBER + 1)
            else:
                with opened.open(info) as member:
                    file.write(member.read(info.file_size))
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError):
            file.truncate(0)  # damaged or locked: read as the empty file that it then is

"""Finds the notebook in a zip file that a student has packed, within limits.

Nothing is unpacked by the archive's own paths: a member is read into memory, chosen by what it is
and then by its name. What lies beside the notebook is left alone; no other kind of archive is
opened at all.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import math
import re
import stat
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from autograder.errors import SubmissionError
from autograder.submissions import formats
from autograder.submissions.tree import DAMAGED, clutter, is_folder, unpacked

MAX_ENTRIES = 50_000  # of its list, what is passed over included
MAX_NAMES = 10 << 20  # characters of all its names: a path of 30,000 folders costs a lot of time
MAX_MEMBERS = 5_000
MAX_MEMBER = 100 << 20  # bytes, unpacked
MAX_TOTAL = 4 << 30
MAX_LOOKED_AT = 500  # members
MAX_COMPARED = 10
MAX_COMPARED_BYTES = 50 << 20  # unpacked, of those that are compared
_BROKEN = len(formats.CELLS)
_LOOK = 64 << 10  # bytes of a member that tell what it is
_ENTRY = b"PK\x01\x02"  # begins each entry of an archive's list
_ARCHIVES = {".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar"}
_ENDINGS = {
    ".ipynb",
    ".json",
    ".txt",
    "",
    ".py",
    ".md",
    ".markdown",
    ".qmd",
    ".rmd",
    ".html",
    ".htm",
}
_TOO_LARGE = "The zip file is too large when unpacked. Submit the notebook only."
NESTED = "The zip file holds another archive. Submit the notebook itself."
_AGAIN = re.compile(r"[ _-]{0,3}(?:\(\d{1,3}\)|-\d{1,3}|copy)$")  # a second download, a copy


@dataclass(frozen=True)
class Member:
    """One notebook in an archive."""

    path: PurePosixPath
    content: bytes
    among: int = 1  # how many of its kind the archive holds


Count = Callable[[Member], int | None]  # how many exercises it answers; None if it is unreadable


@dataclass(frozen=True)
class _Candidate:
    info: zipfile.ZipInfo
    kind: int  # its place in formats.CELLS, or _BROKEN where it is only named like a notebook
    rank: int  # the lower, the more it is named like the assignment


def only_notebook(content: bytes, assignment: str, answers: Count) -> Member:
    """The notebook in a student's zip file, else its script or Markdown.

    Of several, the one that is named like the assignment, unless it answers nothing and another
    does; then the one that answers most.
    """
    if content.count(_ENTRY) > MAX_ENTRIES:  # a list of millions is not even read
        raise SubmissionError(_TOO_LARGE)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as opened:
            return _chosen(opened, assignment, answers)
    except DAMAGED as error:
        raise SubmissionError(
            "The file could not be opened as a zip file. Submit the notebook itself."
        ) from error


def _chosen(opened: zipfile.ZipFile, assignment: str, answers: Count) -> Member:
    infos = _members(opened)
    candidates = sorted(_candidates(opened, infos, assignment), key=_order)
    if not candidates:
        raise SubmissionError(_nothing_in(infos))
    if len(candidates) > 1:
        for (kind, _), group in itertools.groupby(candidates, _order):
            if best := _best(opened, list(group), answers):
                return replace(best, among=_count_kind(candidates, kind))
    likeliest = _likeliest(candidates)
    member = Member(_path(likeliest.info), _content(opened, likeliest.info))
    return replace(member, among=_count_kind(candidates, likeliest.kind))


def _order(candidate: _Candidate) -> tuple[int, int]:
    return candidate.kind, candidate.rank


def _depth(candidate: _Candidate) -> int:
    return len(_path(candidate.info).parts)


def _count_kind(candidates: Sequence[_Candidate], kind: int) -> int:
    return sum(candidate.kind == kind for candidate in candidates)


def _best(opened: zipfile.ZipFile, group: Sequence[_Candidate], answers: Count) -> Member | None:
    """The one that answers most, or one of equal copies; None where none answers anything.

    Of those that answer as many, the one in the fewest folders: others are seldom what was meant.
    """
    size = sum(each.info.file_size for each in group)
    if len(group) > MAX_COMPARED or size > MAX_COMPARED_BYTES:
        return None
    most, best = (1, -math.inf), dict[bytes, Member]()  # those that answer most, by their content
    for candidate in group:
        with contextlib.suppress(*DAMAGED):
            member = Member(_path(candidate.info), _content(opened, candidate.info))
            found = answers(member) or 0, -_depth(candidate)
            best = {} if found > most else best
            if found >= most:
                most = found
                best.setdefault(member.content, member)
    _refuse_several([member.path for member in best.values()])
    return next(iter(best.values()), None)


def _likeliest(candidates: Sequence[_Candidate]) -> _Candidate:
    """Where none answers anything, a broken notebook comes before a script: it was meant."""
    notebooks = [each for each in candidates if each.kind in (0, _BROKEN)]
    first = min(notebooks or candidates, key=lambda each: (*_order(each), _depth(each)))
    alike = [each for each in candidates if _order(each) == _order(first)]
    _refuse_several([_path(each.info) for each in alike if _depth(each) == _depth(first)])
    return first


def _refuse_several(paths: Sequence[PurePosixPath]) -> None:
    if len(paths) > 1:
        alike = len({path.name for path in paths}) < len(paths)
        names = formats.listed([str(path) if alike else path.name for path in paths])
        raise SubmissionError(
            f"The zip file holds more than one notebook: {names}. Submit the one that counts, "
            "alone."
        )


# --- the members ---------------------------------------------------------------------------------


def _path(info: zipfile.ZipInfo) -> PurePosixPath:
    return PurePosixPath(info.filename.replace("\\", "/"))  # as Windows once packed


def _members(opened: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The files in an archive, without what systems and tools put beside them."""
    infos = opened.infolist()
    if sum(len(info.filename) for info in infos) > MAX_NAMES:
        raise SubmissionError(_TOO_LARGE)
    files = [info for info in infos if not is_folder(info)]
    if any(_leads_outside(_path(info)) for info in files):
        raise SubmissionError("The zip file names a place outside itself. Zip the notebook again.")
    kept = [info for info in files if not any(map(clutter, _path(info).parts))]
    if len(kept) > MAX_MEMBERS or sum(info.file_size for info in kept) > MAX_TOTAL:
        raise SubmissionError(_TOO_LARGE)
    return kept


def _leads_outside(path: PurePosixPath) -> bool:
    drive = re.match("[A-Za-z]:", str(path))
    return path.is_absolute() or ".." in path.parts or drive is not None


def _candidates(
    opened: zipfile.ZipFile, infos: Sequence[zipfile.ZipInfo], assignment: str
) -> Iterator[_Candidate]:
    """What may be the notebook, by its beginning; only what is named like text is looked at."""
    possible = [info for info in infos if _is_called_text(info) and not _why_not(info)]
    possible.sort(
        key=lambda info: (not _is_called_notebook(info), _rank(_path(info).name, assignment))
    )
    for info in possible[:MAX_LOOKED_AT]:
        name = _path(info).name
        kind = formats.recognise(_beginning(opened, info), name)
        if kind in formats.CELLS:
            yield _Candidate(info, formats.CELLS.index(kind), _rank(name, assignment))
        elif _is_called_notebook(info):
            yield _Candidate(info, _BROKEN, _rank(name, assignment))


def _is_called_notebook(info: zipfile.ZipInfo) -> bool:
    return ".ipynb" in _path(info).name.lower()


def _is_called_text(info: zipfile.ZipInfo) -> bool:
    return _is_called_notebook(info) or _path(info).suffix.lower() in _ENDINGS


def _rank(name: str, assignment: str) -> int:
    """0 where a file has the name of the assignment, more where it only resembles it."""
    name, wanted = name.casefold(), assignment.casefold()
    stem = name.split(".ipynb")[0] if ".ipynb" in name else PurePosixPath(name).stem
    if stem == wanted:
        return 0
    if _AGAIN.sub("", stem) == wanted:
        return 1
    return 2 if re.search(rf"{re.escape(wanted)}(?!\d)", stem) else 3


def _why_not(info: zipfile.ZipInfo) -> str:
    """Why a member is not read, whatever it holds; empty where it is."""
    if info.flag_bits & 1:
        return "The zip file is locked with a password. Zip it without one."
    if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
        return "The zip file holds a link. Zip the notebook itself."
    if _path(info).suffix.lower() in _ARCHIVES:
        return NESTED
    if info.file_size > MAX_MEMBER and _is_called_text(info):
        return _TOO_LARGE
    return ""


def _nothing_in(infos: Sequence[zipfile.ZipInfo]) -> str:
    names = formats.listed([_path(info).name for info in infos])
    only = f", only {names}" if names else ""
    nothing = f"The zip file holds no notebook{only}. Submit the file that ends in .ipynb."
    return next(filter(None, map(_why_not, infos)), nothing)


def _beginning(opened: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    with contextlib.suppress(*DAMAGED):
        return unpacked(opened, info, min(_LOOK, info.file_size))
    return b""


def _content(opened: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """A member's bytes, and no more of them than its entry promised."""
    return unpacked(opened, info, info.file_size)

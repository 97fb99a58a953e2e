"""Walks what an instructor names: every file below it, and what is passed over and why.

A folder is read where it lies. The zip of a whole class is read member by member, under names of
our own; no link is followed, and no path that somebody else wrote is ever opened.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import re
import shutil
import stat
import tempfile
import time
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Protocol

from autograder.errors import UsageError
from autograder.submissions.names import file_stem

MAX_MEMBER = 100 << 20  # bytes, unpacked
MAX_TOTAL = 20 << 30
MAX_ENTRIES = 500_000  # of a class: three hundred students who hand in their whole disk
_DAMAGED = (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, OSError, ValueError)
_CLUTTER = [
    (re.compile(pattern, re.IGNORECASE), why)
    for pattern, why in {
        r"\.ipynb_checkpoints": "Jupyter's own copies",
        r"\.git|\.hg|\.svn": "the store of a version control system",
        r"__MACOSX|\._.*|\.DS_Store": "macOS's notes on files",
        r"Thumbs\.db|desktop\.ini|\$RECYCLE\.BIN": "Windows's notes on files",
        r"__pycache__|.*\.pyc": "Python's own copies",
        r"node_modules|\.?venv|site-packages": "installed packages",
        r"~\$.*|.*~|.*\.swp": "an editor's own copy",
        r"\.(?!\.$).+": "hidden",
    }.items()
]


@dataclass(frozen=True)
class Entry:
    """One file, or something that holds none: an empty folder, a link, a device."""

    path: Path  # where it can be read
    parts: tuple[str, ...]  # its place below what was named, its own name last
    shown: str  # its place as the instructor knows it
    is_file: bool = True
    changed: float = 0.0  # in seconds since 1970
    refused: bool = False  # the system did not let us look: that is nobody's fault


@dataclass(frozen=True)
class PassedOver:
    """Something that is no part of a submission."""

    shown: str
    why: str
    clutter: bool = False  # what tools leave behind: not worth a word unless somebody asks


@dataclass
class Tree:
    """All that lies below one place that was named."""

    root: Path
    entries: list[Entry] = field(default_factory=list)
    passed_over: list[PassedOver] = field(default_factory=list)
    zipped: bool = False
    bare: bool = False  # files were named by themselves, without any folder

    def add(self, entry: Entry) -> None:
        """Take in one more entry, unless there are too many."""
        if len(self.entries) >= MAX_ENTRIES:
            raise UsageError(
                f"{self.root}: holds more than {MAX_ENTRIES:,} files. Name the submissions alone."
            )
        self.entries.append(entry)


def clutter(name: str) -> str:
    """Why a file or folder of this name is never part of a submission; empty where it may be."""
    return next((why for pattern, why in _CLUTTER if pattern.fullmatch(name)), "")


# --- folders -----------------------------------------------------------------------------------


def plant(root: Path, within: Sequence[Path] | None = None, *, bare: bool = False) -> Tree:
    """Walk a folder, or only some files and folders in it."""
    tree = Tree(root, bare=bare)
    for path in [root] if within is None else within:
        if within is not None and (why := clutter(path.name)):
            tree.passed_over.append(PassedOver(str(path), why, clutter=True))
        else:
            _walk(tree, path)
    return tree


def _walk(tree: Tree, start: Path) -> None:
    """Depth first and in order; a folder in which nothing was found is an entry itself."""
    waiting = [start]
    while waiting:
        path = waiting.pop()
        kind = _mode(path)
        if stat.S_ISDIR(kind):
            try:
                inside = list(_kept(tree, path))
            except OSError as error:
                tree.passed_over.append(
                    PassedOver(str(path), f"cannot be opened ({error.strerror})")
                )
                tree.add(replace(_entry(tree, path, is_file=False), refused=True))
                continue
            if not inside and path != tree.root:
                tree.add(_entry(tree, path, is_file=False))
            waiting += reversed(inside)
        else:
            tree.add(_entry(tree, path, is_file=stat.S_ISREG(kind)))


def _mode(path: Path) -> int:
    try:
        return path.lstat().st_mode
    except OSError:
        return 0


def _kept(tree: Tree, folder: Path) -> Iterator[Path]:
    for name in sorted(os.listdir(folder)):
        if why := clutter(name):
            tree.passed_over.append(PassedOver(str(folder / name), why, clutter=True))
        else:
            yield folder / name


def _entry(tree: Tree, path: Path, *, is_file: bool) -> Entry:
    changed = 0.0
    with contextlib.suppress(OSError):
        changed = path.lstat().st_mtime
    return Entry(path, path.relative_to(tree.root).parts, str(path), is_file, changed)


# --- the zip of a whole class --------------------------------------------------------------------


def unpack(archive: Path) -> Tree:
    """Copy the regular members of a class's zip to a folder of our own; it goes when we end.

    Never more of a member than its limit is read: of one that is larger, a file of that size
    without content stands for it, so that its student hears why.
    """
    tree = Tree(archive, zipped=True)
    folder = Path(tempfile.mkdtemp(prefix="autograder-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with opened(archive) as zipped:
        infos = zipped.infolist()
        if sum(min(info.file_size, MAX_MEMBER) for info in infos) > MAX_TOTAL:
            raise UsageError(f"{archive}: is too large when unpacked. Split it into smaller ones.")
        for number, info in enumerate(infos):
            _unpack(tree, zipped, info, folder / str(number))
    _add_empty_folders(tree, folder, infos)
    return tree


def _unpack(tree: Tree, zipped: zipfile.ZipFile, info: zipfile.ZipInfo, folder: Path) -> None:
    """Copy one member, or say why it is passed over."""
    parts = PurePosixPath(info.filename).parts
    shown = f"{tree.root}: {info.filename}"
    usual = next(filter(None, map(clutter, parts)), "")
    if why := usual or _odd(info):
        tree.passed_over.append(PassedOver(shown, why, clutter=bool(usual)))
        if not usual and (within := tuple(part for part in parts if part not in ("/", ".."))):
            tree.add(Entry(folder, within, shown, is_file=False))  # its student hears of it
    elif not info.is_dir():
        path = folder / own_name(parts[-1])
        folder.mkdir()
        _copy(zipped, info, path)
        tree.add(Entry(path, parts, shown, changed=_changed(info)))


def _add_empty_folders(tree: Tree, nowhere: Path, infos: Sequence[zipfile.ZipInfo]) -> None:
    """A folder in which nothing was kept is an entry itself, as it is on disk."""
    paths = [PurePosixPath(info.filename) for info in infos if not _odd(info)]
    folders = {folder for path in paths for folder in path.parents}
    folders |= {PurePosixPath(info.filename) for info in infos if info.is_dir()}
    held = {f for entry in tree.entries for f in PurePosixPath(*entry.parts).parents}
    empty = {f for f in folders - held if not any(map(clutter, f.parts))}
    for folder in sorted(empty - {f for path in empty for f in path.parents}):
        if not (folder.is_absolute() or ".." in folder.parts):
            shown = f"{tree.root}: {folder}"
            tree.add(Entry(nowhere / "empty", folder.parts, shown, is_file=False))


def _changed(info: zipfile.ZipInfo) -> float:
    try:
        return time.mktime((*info.date_time, 0, 0, -1))
    except (ValueError, OverflowError):
        return 0.0


def _odd(info: zipfile.ZipInfo) -> str:
    path = PurePosixPath(info.filename)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        return "it names a place outside the zip file"
    if not info.is_dir() and stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
        return "a link, not a file"
    return ""


def own_name(name: str) -> str:
    """A safe file name with the ending that it came with."""
    path = PurePosixPath(name)
    return f"{file_stem(path.stem)}{re.sub(r'[^.a-z0-9]', '', path.suffix.lower())[:20]}"


def _copy(zipped: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> None:
    with path.open("wb") as file:
        try:
            if info.file_size > MAX_MEMBER:
                file.truncate(MAX_MEMBER + 1)
            else:
                with zipped.open(info) as member:
                    file.write(member.read(info.file_size))
        except _DAMAGED:
            file.truncate(0)  # damaged or locked: read as the empty file that it then is


@contextlib.contextmanager
def opened(archive: Path) -> Iterator[zipfile.ZipFile]:
    """Open a zip file that an instructor has named."""
    try:
        with zipfile.ZipFile(archive) as zipped:
            yield zipped
    except _DAMAGED as error:
        raise UsageError(
            f"{archive}: cannot be opened as a zip file ({error}). Download it again."
        ) from error


def is_zip(path: Path) -> bool:
    """Whether a file that was named is a zip file."""
    return path.is_file() and zipfile.is_zipfile(path)


# --- what was named ------------------------------------------------------------------------------


class HoldsAClass(Protocol):
    """Tells a class's zip from one student's; ``alone`` when no other zip was named."""

    def __call__(self, archive: Path, *, alone: bool) -> bool:
        """Decide for one zip file."""


def trees(paths: Sequence[Path], holds_a_class: HoldsAClass) -> list[Tree]:
    """The trees of what was named: what a shell spelled out of one folder belongs to one tree."""
    for path in paths:
        if not path.exists():
            raise UsageError(f"{path}: there is no such file or folder. Check the path.")
    once = list({path.resolve(): path.absolute() for path in paths}.values())
    named_zips = [path for path in once if is_zip(path)]
    alone = len(named_zips) == 1
    zips = [path for path in named_zips if holds_a_class(path, alone=alone)]
    named = [path for path in once if path not in zips and not _covered(path, once)]
    bare = all(path.parent == Path() and path.is_file() for path in paths)
    planted = (plant(root, within, bare=bare) for root, within in _roots(named))
    return [*map(unpack, zips), *planted]


def _covered(path: Path, named: Sequence[Path]) -> bool:
    return any(other in path.parents for other in named if other.is_dir())


def _roots(named: Sequence[Path]) -> Iterator[tuple[Path, list[Path] | None]]:
    """One folder for all that was named side by side, such as by ``submitted/*``."""
    if len(named) == 1 and named[0].is_dir():
        yield named[0].resolve(), None
    elif _side_by_side(named):
        yield Path(os.path.commonpath([path.parent for path in named])), sorted(named)
    else:
        for path in named:
            yield (path, None) if path.is_dir() else (path.parent, [path])


def _side_by_side(named: Sequence[Path]) -> bool:
    """Whether all lie in one folder, or at one place in folders of one kind: ``*/week1``."""
    if not named:
        return False
    one_folder = len({path.parent for path in named}) == 1
    one_name = len({path.name for path in named}) == 1
    return one_folder or one_name or not any(path.is_dir() for path in named)

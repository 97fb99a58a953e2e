"""Walks what an instructor names: every file below it, and what is passed over and why.

A folder is read where it lies. The zip of a whole class is read member by member, under names of
our own; no link is followed, and no path that somebody else wrote is ever opened.
"""

from __future__ import annotations

import atexit
import bz2
import contextlib
import copy
import lzma
import os
import re
import shutil
import stat
import struct
import tempfile
import time
import zipfile
import zlib
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from autograder.errors import InfrastructureError, UsageError
from autograder.submissions import door
from autograder.submissions.names import file_stem

SUBMITTED = "submitted"  # below it nbgrader has a folder for each student
MAX_DEPTH = 60  # folders in folders
MAX_MEMBER = 100 << 20  # bytes, unpacked
MAX_TOTAL = 20 << 30
MAX_ENTRIES = 500_000  # of a class: three hundred students who submit their whole disk
_STEP = 4096  # packed bytes of LZMA, which become seven thousand times as many at most
_IS_UTF8 = 0x800  # in an entry's flags
_END = struct.Struct("<12xI6x")  # of a zip file: how many bytes its list has, and what follows
_END_MARK, _LARGE_MARK = b"PK\x05\x06", b"PK\x06\x07"
_LARGE_SIZE = 20  # bytes of what stands before the end, where a zip file may be larger than 4 GB
_LONGEST_COMMENT = 1 << 16
DAMAGED = (  # all that Python's readers of zip files raise over one that is broken
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OverflowError,
    NotImplementedError, RuntimeError, OSError, ValueError, MemoryError,
)  # fmt: skip
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

_WORDS_OF_TOOLS = ("installed packages", "an editor's own copy", "hidden")  # people's, perhaps


@dataclass(frozen=True)
class Entry:
    """One file, or something that holds none: an empty folder, a link, a device."""

    path: Path  # where it can be read
    parts: tuple[str, ...]  # its place below what was named, its own name last
    shown: str  # its place as the instructor knows it
    is_file: bool = True
    changed: float = 0.0  # in seconds since 1970
    refused: bool = False  # the system did not let us look: that is nobody's fault
    is_link: bool = False
    is_full: bool = False  # a folder that is left out, since it holds too much
    owner: int = -1  # the system's number of whoever put it there; -1 where that is unknown


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
    clutter: dict[Entry, bool] = field(default_factory=dict)  # each, and whether it holds notebooks
    _full: list[tuple[str, ...]] = field(default_factory=list)  # folders that hold too much

    def add(self, entry: Entry) -> None:
        """Take in one more entry, unless there are too many: then the fullest folder is left out.

        Raises:
            UsageError: no folder of one student holds most of them by itself.
        """
        if len(self.entries) >= MAX_ENTRIES:
            self._leave_out(self._fullest())
        if not self.leaves_out(entry.parts):
            self.entries.append(entry)

    def pass_over(self, entry: Entry, why: str, *, work: bool) -> None:
        """Leave out what tools leave behind, and remember it: its name may yet be a person's."""
        if entry not in self.clutter:
            self.passed_over.append(PassedOver(entry.shown, why, clutter=True))
        self.clutter[entry] = self.clutter.get(entry, False) or work

    def leaves_out(self, parts: tuple[str, ...]) -> bool:
        """Whether a place lies in a folder that is left out, since it holds too much.

        Raises:
            UsageError: it is a notebook's: then the folder may be several students'.
        """
        within = any(parts[: len(full)] == full for full in self._full)
        if within and _is_notebook(parts):
            raise self._too_many()
        return within

    def _too_many(self) -> UsageError:
        return UsageError(
            f"{self.root}: holds more than {MAX_ENTRIES:,} files. Name the submissions alone."
        )

    def _fullest(self) -> tuple[str, ...]:
        """The folder that holds most of all entries by itself; empty where none does.

        What lies in its own folders does not count: these may be other people's.
        """
        counts = Counter(one.parts[:-1] for one in self.entries)
        place, amount = counts.most_common(1)[0]
        return place if 2 * amount > len(self.entries) else ()

    def _leave_out(self, place: tuple[str, ...]) -> None:
        inside = [one for one in self.entries if one.parts[: len(place)] == place]
        if place in ((), (SUBMITTED,)) or any(_is_notebook(one.parts) for one in inside):
            raise self._too_many()
        shown = inside[0].shown
        for _ in inside[0].parts[len(place) :]:
            shown = shown.rpartition("/")[0]
        self.entries = [one for one in self.entries if one.parts[: len(place)] != place]
        full = replace(inside[0], parts=place, shown=shown, is_file=False, is_full=True)
        self.entries.append(full)
        why = f"holds most of the {MAX_ENTRIES:,} files that may be looked through"
        self.passed_over.append(PassedOver(shown, why))
        self._full.append(place)


def _is_notebook(parts: tuple[str, ...]) -> bool:
    return bool(parts) and parts[-1].lower().endswith(".ipynb")


def clutter(name: str) -> str:
    """Why a file or folder of this name is never part of a submission; empty where it may be."""
    return next((why for pattern, why in _CLUTTER if pattern.fullmatch(name)), "")


# --- folders -----------------------------------------------------------------------------------


def plant(root: Path, within: Sequence[Path] | None = None, *, bare: bool = False) -> Tree:
    """Walk a folder, or only some files and folders in it."""
    tree = Tree(root, bare=bare)
    for path in [root] if within is None else within:
        names = path.relative_to(root).parts
        if count := _until_clutter(names):
            left = _left(root.joinpath(*names[:count]), root)
            why = clutter(names[count - 1])
            work = why in _WORDS_OF_TOOLS and _holds_notebooks(left.path)
            tree.pass_over(left, why, work=work)
        else:
            _walk(tree, path)
    return tree


def _walk(tree: Tree, start: Path) -> None:
    """Depth first and in order; a folder in which nothing was found is an entry itself."""
    waiting = [start]
    while waiting:
        path = waiting.pop()
        if tree.leaves_out(path.relative_to(tree.root).parts):
            continue
        kind = _mode(path)
        if stat.S_ISDIR(kind):
            too_deep = len(path.parts) - len(tree.root.parts) > MAX_DEPTH
            if too_deep:
                tree.passed_over.append(PassedOver(str(path), "too many folders in folders"))
            try:
                inside = [] if too_deep else list(_kept(tree, path))
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
            entry = _entry(tree, path, is_file=stat.S_ISREG(kind))
            tree.add(replace(entry, is_link=stat.S_ISLNK(kind)))


def _mode(path: Path) -> int:
    try:
        return path.lstat().st_mode
    except OSError:
        return 0


def _kept(tree: Tree, folder: Path) -> Iterator[Path]:
    for name in sorted(os.listdir(folder)):
        if why := clutter(name):
            work = why in _WORDS_OF_TOOLS and _holds_notebooks(folder / name)
            tree.pass_over(_left(folder / name, tree.root), why, work=work)
        else:
            yield folder / name


def _left(path: Path, root: Path) -> Entry:
    return Entry(path, path.relative_to(root).parts, str(path), is_file=False)


def _holds_notebooks(folder: Path, levels: int = 2) -> bool:
    """Whether a folder holds one as a student's does: in it, or in one below it."""
    with contextlib.suppress(OSError):
        if not stat.S_ISDIR(_mode(folder)):
            return False
        names = os.listdir(folder)
        below = names if levels > 1 else []
        return any(_is_notebook((name,)) for name in names) or any(
            _holds_notebooks(folder / name, levels - 1) for name in below
        )
    return False


def _until_clutter(parts: Sequence[str]) -> int:
    """How many parts of a path lead to the first that is clutter; 0 where none is."""
    return next((count for count, part in enumerate(parts, 1) if clutter(part)), 0)


def _entry(tree: Tree, path: Path, *, is_file: bool) -> Entry:
    changed, owner = 0.0, -1
    with contextlib.suppress(OSError):
        about = path.lstat()
        changed, owner = about.st_mtime, about.st_uid
    parts = path.relative_to(tree.root).parts
    return Entry(path, parts, str(path), is_file, changed, owner=owner)


# --- the zip of a whole class --------------------------------------------------------------------


def unpack(archive: Path) -> Tree:
    """Copy the regular members of a class's zip to a folder of our own; it goes when we end.

    Never more of a member than its limit is read: of one that is larger, a file of that size
    without content stands for it, so that its student hears why.
    """
    tree = Tree(archive, zipped=True)
    folder = Path(tempfile.mkdtemp(prefix="autograder-")).resolve()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with opened(archive) as zipped:
        infos = members(zipped)
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
    if count := _until_clutter(parts):
        left = f"{tree.root}: {'/'.join(parts[:count])}"
        why = clutter(parts[count - 1])
        work = why in _WORDS_OF_TOOLS and count < len(parts) and _is_notebook(parts)
        tree.pass_over(Entry(tree.root, parts[:count], left, is_file=False), why, work=work)
    elif why := _odd(info):
        tree.passed_over.append(PassedOver(shown, why))
        if within := tuple(part for part in parts if part not in ("/", "..")):
            tree.add(Entry(folder, within, shown, is_file=False))  # its student hears of it
    elif not is_folder(info):
        path = folder / own_name(parts[-1])
        folder.mkdir()
        _copy(zipped, info, path)
        tree.add(Entry(path, parts, shown, changed=_changed(info)))


def _add_empty_folders(tree: Tree, nowhere: Path, infos: Sequence[zipfile.ZipInfo]) -> None:
    """A folder in which nothing was kept is an entry itself, as it is on disk."""
    paths = [PurePosixPath(info.filename) for info in infos if not _odd(info)]
    folders = {folder for path in paths for folder in path.parents}
    folders |= {PurePosixPath(info.filename) for info in infos if is_folder(info)}
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
    if not is_folder(info) and stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
        return "a link, not a file"
    return ""


def own_name(name: str) -> str:
    """A safe file name with the ending that it came with."""
    path = PurePosixPath(name)
    return f"{file_stem(path.stem)}{re.sub(r'[^.a-z0-9]', '', path.suffix.lower())[:20]}"


def _copy(zipped: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> None:
    content = b""
    with contextlib.suppress(*DAMAGED):  # damaged or locked: read as the empty file that it then is
        if info.file_size <= MAX_MEMBER:
            content = unpacked(zipped, info, info.file_size)
    try:
        with path.open("wb") as file:
            file.write(content)
            if info.file_size > MAX_MEMBER:
                file.truncate(MAX_MEMBER + 1)
    except OSError as error:  # a full disk is nobody's damaged file
        raise InfrastructureError(f"{path}: cannot be written ({error.strerror}).") from error


def unpacked(zipped: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> bytes:
    """The first bytes of a member, and never much more in memory than these.

    Python's reader unpacks all that it has read of bzip2 and LZMA, of which a few bytes can stand
    for gigabytes.
    """
    if info.compress_type == zipfile.ZIP_BZIP2:
        with zipped.open(_as_stored(info)) as packed:
            return bz2.BZ2Decompressor().decompress(packed.read(), most)
    with zipped.open(info) as member:
        if info.compress_type != zipfile.ZIP_LZMA:
            return member.read(most)
        parts = iter(lambda: member.read(min(_STEP, most - member.tell())), b"")
        return b"".join(parts)


def _as_stored(info: zipfile.ZipInfo) -> zipfile.ZipInfo:
    """The member as it lies in the archive, still packed."""
    stored: Any = copy.copy(info)
    stored.compress_type, stored.file_size = zipfile.ZIP_STORED, info.compress_size
    stored.CRC = None  # which is that of its content
    return stored  # type: ignore[no-any-return]


@contextlib.contextmanager
def opened(archive: Path) -> Iterator[zipfile.ZipFile]:
    """Open a zip file that an instructor has named."""
    try:
        with door.opened(_settled(archive)) as file, zipfile.ZipFile(file) as zipped:
            yield zipped
    except DAMAGED as error:
        raise UsageError(
            f"{archive}: cannot be opened as a zip file ({error}). Download it again."
        ) from error


def members(zipped: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The entries of a zip, named as meant: old programs of Windows and macOS break the rules."""
    infos = zipped.infolist()
    backslashes = not any("/" in info.filename for info in infos)
    for info in infos:
        if not info.flag_bits & _IS_UTF8:
            with contextlib.suppress(UnicodeError):
                info.filename = info.filename.encode("cp437").decode("utf-8")
        if backslashes:
            info.filename = info.filename.replace("\\", "/")
    return infos


def is_folder(info: zipfile.ZipInfo) -> bool:
    """Whether an entry is a folder; Python 3.11 itself trips over one without a name."""
    return info.filename.endswith("/")


def is_zip(path: Path) -> bool:
    """Whether a file that was named is a zip file."""
    with contextlib.suppress(OSError), door.opened(_settled(path)) as file:
        return zipfile.is_zipfile(file)
    return False


def bytes_of_list(path: Path) -> int:
    """How long a zip file's list of its entries is, by its own word; 0 where there is none.

    Python's reader takes no more of the list than that, but takes it all.
    """
    with contextlib.suppress(OSError), door.opened(_settled(path)) as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _END.size - _LONGEST_COMMENT))
        last = file.read()
        plain = len(last) - _END.size  # where it begins if no comment follows
        at = plain if last[plain:].startswith(_END_MARK) else last.rfind(_END_MARK)
        if last[max(0, at - _LARGE_SIZE) : at].startswith(_LARGE_MARK):
            return size  # a larger number may stand elsewhere
        if at >= 0 and len(last) - at >= _END.size:
            return int(_END.unpack_from(last, at)[0])
    return 0


def _settled(path: Path) -> Path:
    """A path that an instructor has named: links may lead to it, but it is none itself.

    Where the name stands in for a folder (".", "here/.."), that folder itself was named.
    """
    if path.name in ("", ".."):
        return path.resolve()
    return path.absolute().parent.resolve() / path.name


# --- what was named ------------------------------------------------------------------------------


def trees(paths: Sequence[Path], class_zips: Container[Path]) -> list[Tree]:
    """The trees of what was named: what a shell spelled out of one folder belongs to one tree.

    ``class_zips`` are those of the paths that are zip files of many people's submissions.
    """
    zips = [path for path in paths if path in class_zips]
    # where an instructor's own path leads through links is settled here; below it none is followed
    once = {path.resolve(): _settled(path) for path in paths if path not in class_zips}
    named = [path for path in once.values() if not _covered(path, list(once.values()))]
    bare = all(path.parent == Path() and path.is_file() for path in paths)
    planted = (plant(root, within, bare=bare) for root, within in _roots(named))
    return [*map(unpack, zips), *planted]


def _covered(path: Path, named: Sequence[Path]) -> bool:
    return any(other in path.parents for other in named if other.is_dir())


_Root = tuple[Path, list[Path] | None]  # a folder, and what of it was named; None for all of it


def _roots(named: Sequence[Path]) -> Iterator[_Root]:
    """The folders whose contents tell people apart: the outermost name that differs decides."""
    submitted: dict[Path, list[Path]] = {}
    left: list[Path] = []
    for path in named:
        above = [parent for parent in path.parents if parent.name == SUBMITTED]
        (submitted.setdefault(above[0], []) if above else left).append(path)
    yield from ((root, sorted(within)) for root, within in submitted.items())
    if len(left) == 1 and left[0].is_dir():
        yield left[0].resolve(), None
    elif left and _side_by_side(left):
        yield _common(left), sorted(left)
    else:
        yield from ((p, None) if p.is_dir() else (p.parent, [p]) for p in left)


def _common(paths: Sequence[Path]) -> Path:
    return Path(os.path.commonpath([path.parent for path in paths]))


def _side_by_side(named: Sequence[Path]) -> bool:
    """Whether what was named lies at one depth of one tree, as what a shell spells out does."""
    folders = [path for path in named if path.is_dir()]
    depths = {len(path.relative_to(_common(named)).parts) for path in folders}
    one_place = len({path.parent for path in folders}) < 2
    classes = not one_place and all(map(_holds_folders, folders))
    return len(depths) < 2 and not (classes and len({path.name for path in folders}) > 1)


def _holds_folders(folder: Path) -> bool:
    """Whether a folder holds several folders and nothing else, as a class's does."""
    inside = [path for path in folder.iterdir() if not clutter(path.name)]
    return len(inside) > 1 and all(path.is_dir() for path in inside)

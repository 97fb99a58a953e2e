"""The files that a notebook writes: they are in memory, and end with the process.

The wall lets no file be made. So what opens, lists and moves files in Python knows these as well,
and whatever is not among them is asked of the machine.
"""

from __future__ import annotations

import builtins
import errno
import glob
import importlib
import inspect
import io
import itertools
import os
import pathlib
import stat
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from types import ModuleType
from typing import Any

import torch

_CHANGING = set("wax+")
_real = {name: getattr(os, name) for name in ("stat", "lstat", "listdir", "scandir", "getcwd")}
_open = builtins.open


class Files:
    """Files and folders by their absolute paths, and the folder in which the notebook works."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}
        self._folders = set[str]()
        self._working: str | None = None

    # --- what a notebook calls ---

    def open(self, file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        """Open a file for writing in memory, and for reading where it is."""
        if not isinstance(file, (str, os.PathLike)):
            return _open(file, mode, *args, **kwargs)
        path = self.path(file)
        if path not in self.contents and not _CHANGING & set(mode):
            return _open(file, mode, *args, **kwargs)
        if "x" in mode and path in self.contents:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(file))
        return self._opened(path, mode, kwargs.get("newline"))

    def write(self, name: str, text: str, *, more: bool = False) -> None:
        """Keep a text, perhaps behind what the file holds."""
        path = self.path(name)
        before = self.contents.get(path, b"") if more else b""
        self.contents[path] = before + text.encode()

    def path(self, file: Any) -> str:
        """The absolute path of a file, seen from the working folder."""
        return os.path.normpath(os.path.join(self._getcwd(), os.fsdecode(file)))

    def is_folder(self, path: str) -> bool:
        """Whether it was made, or something lies in it."""
        return path in self._folders or any(self._inside(path))

    # --- in place of the functions of os ---

    def _getcwd(self) -> str:
        return self._working or str(_real["getcwd"]())

    def _chdir(self, path: Any) -> None:
        self._working = self.path(path)

    def _mkdir(self, path: Any, *args: Any, **kwargs: Any) -> None:
        if self.is_folder(self.path(path)):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
        self._folders.add(self.path(path))

    def _stat(self, path: Any, *args: Any, **kwargs: Any) -> os.stat_result:
        where = None if isinstance(path, int) else self.path(path)
        if where in self.contents:
            return _described(stat.S_IFREG, len(self.contents[where]))
        if where is not None and self.is_folder(where):
            return _described(stat.S_IFDIR, 0)
        found: os.stat_result = _real["stat"](path, *args, **kwargs)
        return found

    def _listdir(self, path: Any = ".") -> list[str]:
        where = self.path(path)
        own = {*self._inside(where)}
        try:
            return sorted(own | {*_real["listdir"](where)})
        except OSError:
            if not self.is_folder(where):
                raise
            return sorted(own)

    def _scandir(self, path: Any = ".") -> _Listing:
        return _Listing(_Entry(name, os.path.join(path, name)) for name in self._listdir(path))

    def _remove(self, path: Any, *args: Any, **kwargs: Any) -> None:
        if self.contents.pop(self.path(path), None) is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))

    def _rmdir(self, path: Any, *args: Any, **kwargs: Any) -> None:
        self._folders.discard(self.path(path))

    def _rename(self, old: Any, new: Any, *args: Any, **kwargs: Any) -> None:
        before, after = self.path(old), self.path(new)

        def moved(paths: Iterable[str]) -> dict[str, str]:
            own = (p for p in paths if p == before or p.startswith(before + os.sep))
            return {path: after + path[len(before) :] for path in own}

        for path, there in moved(self.contents).items():
            self.contents[there] = self.contents.pop(path)
        folders = moved(self._folders)
        self._folders = self._folders - folders.keys() | {*folders.values()}

    # --- what the above is made of ---

    def _inside(self, folder: str) -> Iterator[str]:
        """The names of what lies in a folder, some more than once."""
        start = folder.rstrip(os.sep) + os.sep
        known = (p for p in itertools.chain(self.contents, self._folders) if p.startswith(start))
        return (path[len(start) :].partition(os.sep)[0] for path in known)

    def _opened(self, path: str, mode: str, newline: str | None) -> Any:
        """A file whose content is kept whenever it is flushed or closed."""
        contents, writes = self.contents, bool(_CHANGING & set(mode))

        class Binary(io.BytesIO):
            name = path

            def flush(self) -> None:
                if writes:
                    contents[path] = self.getvalue()

            def close(self) -> None:
                if not self.closed:
                    self.flush()
                super().close()

        binary = Binary(b"" if "w" in mode else contents.get(path, b""))
        binary.flush()
        binary.seek(0, io.SEEK_END if "a" in mode else io.SEEK_SET)
        if "b" in mode:
            return binary
        return io.TextIOWrapper(binary, encoding="utf-8", newline=newline, write_through=True)


def _described(kind: int, size: int) -> os.stat_result:
    return os.stat_result((kind | 0o755, 0, 0, 1, os.getuid(), os.getgid(), size, 0, 0, 0))


class _Entry(os.PathLike[str]):
    """One name of a folder, as ``os.scandir`` has them."""

    def __init__(self, name: str, path: str) -> None:
        self.name, self.path = name, path

    def __fspath__(self) -> str:
        return self.path

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        return os.path.isdir(self.path)

    def is_file(self, *, follow_symlinks: bool = True) -> bool:
        return os.path.isfile(self.path)

    def is_symlink(self) -> bool:
        return False

    def is_junction(self) -> bool:  # asked by shutil.rmtree since Python 3.12
        return False

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        return os.stat(self.path)


class _Listing:
    """What ``os.scandir`` gives: its entries, one after another, in a ``with`` or without."""

    def __init__(self, entries: Iterator[_Entry]) -> None:
        self._entries = iter(list(entries))

    def __iter__(self) -> Iterator[_Entry]:
        return self._entries

    def __next__(self) -> _Entry:
        return next(self._entries)

    def __enter__(self) -> _Listing:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def close(self) -> None:
        """There is nothing to close."""


# --- the modules that a notebook writes ----------------------------------------------------------


class _Modules(MetaPathFinder, Loader):
    """Finds the modules and packages among the files, in Python's own folders for modules."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def find_spec(self, name: str, path: Any = None, target: object = None) -> ModuleSpec | None:
        last = name.rpartition(".")[2]
        for folder in sys.path if path is None else path:
            start = self._files.path(os.path.join(folder, last))
            for file in (os.path.join(start, "__init__.py"), f"{start}.py"):
                if file in self._files.contents:
                    inside = [start] if file != f"{start}.py" else None
                    return spec_from_file_location(
                        name, file, loader=self, submodule_search_locations=inside
                    )
            if self._files.is_folder(start) and folder in (path or ("", ".")):
                return _package_without_code(name, start)
        return None

    def create_module(self, spec: ModuleSpec) -> None:
        """Python makes it."""

    def get_source(self, name: str) -> str:
        """The text of a module, for ``inspect`` and tracebacks."""
        return self._files.contents[str(sys.modules[name].__file__)].decode()

    def exec_module(self, module: ModuleType) -> None:
        """Run the file as it is now."""
        path = str(module.__file__)
        exec(compile(self._files.contents[path], path, "exec"), vars(module))


def _package_without_code(name: str, folder: str) -> ModuleSpec:
    spec = ModuleSpec(name, None, is_package=True)
    spec.submodule_search_locations = [folder]
    return spec


# --- in this process -----------------------------------------------------------------------------


def _put_into_globbers() -> None:
    """Classes of Python 3.13's glob keep functions of os, and are given those that stand there."""
    known = {function: vars(os)[name] for name, function in _real.items()}
    for globber in filter(inspect.isclass, vars(glob).values()):
        for name, member in [*vars(globber).items()]:
            if isinstance(member, staticmethod) and member.__func__ in known:
                setattr(globber, name, staticmethod(known[member.__func__]))


def keep() -> Files:
    """Let the code of this process write files, which are returned, and import them."""
    files = Files()
    vars(builtins)["open"] = vars(io)["open"] = files.open
    for name in "getcwd chdir mkdir stat listdir scandir remove rmdir rename".split():
        vars(os)[name] = getattr(files, f"_{name}")
    vars(os).update(lstat=os.stat, unlink=os.remove, replace=os.rename)
    _put_into_globbers()
    vars(os).update(dict.fromkeys(("chmod", "utime"), lambda *args, **kwargs: None))
    vars(os)["listxattr"] = lambda *args, **kwargs: []
    pathlib.Path.touch = (  # type: ignore[method-assign]
        lambda self, *args, **kwargs: files.open(self, "ab").close()
    )
    openers: Any = importlib.import_module("numpy.lib._datasource")._file_openers
    openers._file_openers[None] = files.open
    vars(torch)["save"] = _saving(torch.save, files)
    vars(tempfile).update(NamedTemporaryFile=_temporary(files), TemporaryFile=_temporary(files))
    vars(importlib.import_module("shutil"))["_use_fd_functions"] = False
    sys.path[:0] = [] if "" in sys.path else [""]
    sys.meta_path.insert(0, _Modules(files))
    return files


def _saving(real: Callable[..., None], files: Files) -> Callable[..., None]:
    """Torch opens what it writes by itself, unless it is given a file that is open."""

    def save(obj: object, f: Any, *args: Any, **kwargs: Any) -> None:
        if not isinstance(f, (str, os.PathLike)):
            return real(obj, f, *args, **kwargs)
        with files.open(f, "wb") as file:
            return real(obj, file, *args, **kwargs)

    return save


def _temporary(files: Files) -> Callable[..., Any]:
    numbers = itertools.count()

    def temporary(mode: str = "w+b", *args: Any, suffix: str | None = None, **kwargs: Any) -> Any:
        name = os.path.join(tempfile.gettempdir(), f"tmp{next(numbers)}{suffix or ''}")
        wrapper: Any = vars(tempfile)["_TemporaryFileWrapper"]
        return wrapper(files.open(name, mode), name, delete=False)

    return temporary

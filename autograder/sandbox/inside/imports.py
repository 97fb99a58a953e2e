"""Decides what student code can import: permitted packages, and quiet stand-ins for some others.

Stand-ins are for packages that draw, show progress or belong to Colab: answers do not need them,
but cells import them. Whatever is taken from one can be called, entered, unpacked, computed with
and drawn on, without effect; a progress bar hands on what it is given. Any other package is not
there, whatever this machine has installed: a submission is graded alike everywhere.
"""

from __future__ import annotations

import contextlib
import dis
import itertools
import operator
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import FrameType, ModuleType
from typing import Any

import numpy as np

# --- what is drawn -------------------------------------------------------------------------------


class Quiet:
    """An object on which everything may be done and nothing happens."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Do nothing, but leave a decorated function as it is."""
        only_a_function = len(args) == 1 and not kwargs and callable(args[0])
        return args[0] if only_a_function else Quiet()  # a decorator leaves what it decorates

    def __getattr__(self, name: str) -> Any:
        _refuse_special(name)
        return _OF_AN_OBJECT.get(name) or Quiet()

    def __mro_entries__(self, bases: object) -> tuple[type]:
        return (Quiet,)  # so that a class can be made from one

    def __instancecheck__(self, value: object) -> bool:
        return isinstance(value, Quiet)

    def __getitem__(self, key: object) -> Quiet:
        return Quiet()

    def __setitem__(self, key: object, value: object) -> None:
        pass

    def __iter__(self) -> Iterator[Quiet]:
        return iter([Quiet() for _ in range(_places(sys._getframe(1)))])

    def __len__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        return True

    def __float__(self) -> float:
        return 0.0

    def __index__(self) -> int:
        return 0

    def __format__(self, form: str) -> str:
        return ""

    def __enter__(self) -> Quiet:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def _refuse_special(name: str) -> None:
    """Python asks for such names to learn what a thing is."""
    if name.startswith("__"):
        raise AttributeError(name)


def _places(frame: FrameType) -> int:
    """How many values the code that iterates unpacks: ``a, b = drawn`` wants two, a loop none."""
    code = frame.f_code.co_code
    name, count = dis.opname[code[frame.f_lasti]], code[frame.f_lasti + 1]
    return count if name in ("UNPACK_SEQUENCE", "UNPACK_EX") else 0


def _add_operators() -> None:
    for name in "add sub mul truediv floordiv mod pow matmul and or".split():
        setattr(Quiet, f"__{name}__", lambda *_: Quiet())
        setattr(Quiet, f"__r{name}__", lambda *_: Quiet())
    for name in "neg abs".split():
        setattr(Quiet, f"__{name}__", lambda *_: Quiet())
    for name in "lt le gt ge".split():
        setattr(Quiet, f"__{name}__", lambda *_: False)


_add_operators()


def _axes(rows: int = 1, columns: int = 1, *args: Any, squeeze: bool = True, **kwargs: Any) -> Any:
    """One that is drawn on, or an array of them, as matplotlib would give."""
    wide = kwargs.get("nrows", rows), kwargs.get("ncols", columns)
    shape = [n for n in wide if n != 1 or not squeeze]
    return np.frompyfunc(Quiet, 1, 1)(np.zeros(shape))


def _subplots(*args: Any, **kwargs: Any) -> tuple[Quiet, Any]:
    return Quiet(), _axes(*args, **kwargs)


# --- what shows progress -------------------------------------------------------------------------


class _OfItsClass(type):
    """What is said to all progress bars at once: ``tqdm.write("...")``, ``tqdm.pandas()``."""

    def __getattr__(cls, name: str) -> Any:
        _refuse_special(name)
        return Quiet()


class Progress(Quiet, metaclass=_OfItsClass):
    """Stands where a progress bar is: hands on what it is given, and counts if it is told to."""

    def __init__(self, *args: Any, total: Any = None, **kwargs: Any) -> None:
        self._iterable = next(
            (x for x in [*args, *map(kwargs.get, _ITERABLES)] if x is not None), ()
        )
        self.n = kwargs.get("initial", 0)
        self.total = operator.length_hint(self._iterable) if total is None else total

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Take the iterable later: ``ProgressBar(...)(iterable)``."""
        return type(self)(*args, **kwargs) if args else self

    def __iter__(self) -> Iterator[Any]:
        for value in self._iterable:
            yield value
            self.n += 1

    def __len__(self) -> int:
        return int(self.total)

    def update(self, n: Any = 1, *args: Any, **kwargs: Any) -> None:
        """Count, as a loop may that ends by the count."""
        self.n += n


_ITERABLES = ("iterable", "sequence", "gen", "it", "iterator")  # as the packages call it


class Tasks(Quiet):
    """Several bars at once, as of rich: counts for a loop that ends when all are finished."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._bars: list[dict[str, Any]] = []

    def add_task(self, *args: Any, **named: Any) -> int:
        """Begin a bar; its number tells it from others."""
        self._bars.append({"total": 100, "completed": 0, **named})
        return len(self._bars) - 1

    def update(self, task: int, *args: Any, advance: Any = 0, **named: Any) -> None:
        """Count, as far as it is told to."""
        self._bars[task].update(named)
        self._bars[task]["completed"] += advance

    def advance(self, task: int, advance: Any = 1) -> None:
        """Count one."""
        self.update(task, advance=advance)

    @property
    def finished(self) -> bool:
        """Whether no bar has anything left."""
        return all(bar["completed"] >= (bar["total"] or 0) for bar in self._bars)


def _trange(*args: Any, **kwargs: Any) -> Progress:
    return Progress(range(*args), **kwargs)


def _enumerate(values: Iterable[Any], start: int = 0, *_: Any, **kwargs: Any) -> Any:
    return enumerate(values, start)


def _without_options(function: Any) -> Any:
    """The function of Python's own, for callers that give options of a bar as well."""
    return lambda *args, **kwargs: function(*args)


def _mapped(function: Any, *values: Iterable[Any], **kwargs: Any) -> list[Any]:
    return list(map(function, *values))


# --- the modules ---------------------------------------------------------------------------------


def _named(names: str, value: Any) -> dict[str, Any]:
    return dict.fromkeys(names.split(), value)


# What is more than quiet of an object: figure.subplots(2, 2), progress.track(values) of rich.
_OF_AN_OBJECT = {"subplots": _axes, "track": Progress}
_PYPLOT = {"subplots": _subplots}
# What is more than quiet, by package; a submodule has the names of its package.
_SPECIAL: Mapping[str, Mapping[str, Any]] = {
    "matplotlib": _PYPLOT,
    "pylab": _PYPLOT,
    "tqdm": {
        **_named("tqdm tqdm_notebook tqdm_gui tqdm_asyncio tqdm_rich", Progress),
        **_named("trange tnrange tgrange ttrange trrange", _trange),
        "tzip": _without_options(zip),
        "tmap": _without_options(map),
        "tenumerate": _enumerate,
        "product": _without_options(itertools.product),
        **_named("process_map thread_map", _mapped),
    },
    "fastprogress": {
        **_named("progress_bar master_bar ProgressBar MasterBar", Progress),
        "force_console_behavior": lambda: (Progress, Progress),
    },
    "rich": {"track": Progress, "Progress": Tasks},
    "alive_progress": _named("alive_it alive_bar", Progress),
    "progressbar": _named("progressbar ProgressBar", Progress),
}


class _StandIn(Quiet, ModuleType):
    """A module that has everything."""

    __path__ = []  # noqa: RUF012  (what makes a module a package)

    def __init__(self, name: str) -> None:
        ModuleType.__init__(self, name)
        self.__all__ = tuple(_SPECIAL.get(_package(name), ()))

    def __getattr__(self, name: str) -> Any:
        _refuse_special(name)
        special = _SPECIAL.get(_package(self.__name__), {})
        return special[name] if name in special else _StandIn(f"{self.__name__}.{name}")


class _StandIns(MetaPathFinder, Loader):
    """Finds a stand-in for each of these modules, whether the real one is here or not."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = frozenset(names)

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        return ModuleSpec(name, self, is_package=True) if _package(name) in self._names else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _StandIn(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing needs to be run."""


class _Permitted(MetaPathFinder):
    """Finds modules where Python usually does, but of the permitted packages only."""

    def __init__(self, packages: Collection[str]) -> None:
        self._packages = {*packages, *sys.stdlib_module_names, _package(__name__)}

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        private = name.startswith("_")  # parts of the standard library that differ by platform
        if _package(name) in self._packages or private:
            return PathFinder.find_spec(name, path, target)
        return None

    def refuse(self, package: str) -> None:
        """Find a package no more."""
        self._packages.discard(package)

    def find_distributions(self, *args: Any, **kwargs: Any) -> Any:
        """Metadata of packages, where plotly looks up its own version."""
        return PathFinder.find_distributions(*args, **kwargs)


def _package(name: str) -> str:
    return name.partition(".")[0]


def install(permitted: Collection[str], stand_ins: Collection[str]) -> None:
    """Permit these packages beside the standard library, and put stand-ins for others."""
    usual = [finder for finder in sys.meta_path if finder is not PathFinder]
    sys.meta_path[:] = [_StandIns(stand_ins), *usual, _Permitted(permitted)]


def hide_engine() -> None:
    """Let nobody import what runs student code, or look it up by name, from here on."""
    own = _package(__name__)
    for name in [name for name in sys.modules if _package(name) == own]:
        del sys.modules[name]
    for finder in sys.meta_path:
        if isinstance(finder, _Permitted):
            finder.refuse(own)


def offer(stand_ins: Collection[str]) -> MetaPathFinder:
    """Let what is not installed and has a stand-in be imported; return what finds it."""
    finder = _StandIns(stand_ins)
    sys.meta_path.append(finder)
    return finder


@contextlib.contextmanager
def offered(stand_ins: Collection[str]) -> Iterator[None]:
    """The same for a while, in which a course's own files are imported."""
    finder = offer(stand_ins)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)

"""Decides what student code can import: permitted packages, and quiet stand-ins for some others.

Stand-ins are for packages that draw, show progress or belong to Colab: answers do not need them,
but cells import them. Whatever is taken from one can be called, entered, iterated over and drawn
on, without effect. Any other package is not there, whatever this machine has installed: a
submission is graded alike everywhere.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any


class Quiet:
    """An object on which everything may be done and nothing happens."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Do nothing, but leave a decorated function as it is."""
        only_a_function = len(args) == 1 and not kwargs and callable(args[0])
        return args[0] if only_a_function else self  # a decorator leaves what it decorates

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, key: object) -> Quiet:
        return self

    def __setitem__(self, key: object, value: object) -> None:
        pass

    def __iter__(self) -> Iterator[Quiet]:
        return iter(())

    def __enter__(self) -> Quiet:
        return self

    def __exit__(self, *_: object) -> None:
        pass


class Progress(Quiet):
    """Stands where tqdm is: hands on what it is given, without a bar."""

    def __init__(self, iterable: Iterable[Any] = (), *args: Any, **kwargs: Any) -> None:
        self._iterable = iterable

    def __iter__(self) -> Iterator[Any]:
        return iter(self._iterable)

    def __len__(self) -> int:
        return len(self._iterable)  # type: ignore[arg-type]


def _subplots(rows: int = 1, columns: int = 1, *args: Any, **kwargs: Any) -> tuple[Quiet, Any]:
    return Quiet(), Quiet() if rows * columns == 1 else [Quiet()] * (rows * columns)


_SPECIAL = {
    "tqdm": Progress,
    "trange": lambda *args, **kwargs: range(*args),
    "subplots": _subplots,
}


class _StandIn(ModuleType):
    """A module that has everything."""

    __all__: Sequence[str] = ()
    __path__ = []  # noqa: RUF012  (what makes a module a package)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _SPECIAL.get(name, Quiet())


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

    def find_distributions(self, *args: Any, **kwargs: Any) -> Any:
        """Metadata of packages, where plotly looks up its own version."""
        return PathFinder.find_distributions(*args, **kwargs)


def _package(name: str) -> str:
    return name.partition(".")[0]


def install(permitted: Collection[str], stand_ins: Collection[str]) -> None:
    """Permit these packages beside the standard library, and put stand-ins for others."""
    usual = [finder for finder in sys.meta_path if finder is not PathFinder]
    sys.meta_path[:] = [_StandIns(stand_ins), *usual, _Permitted(permitted)]

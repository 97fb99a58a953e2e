"""Takes functions away that compute beside torch's dispatcher, where something is forbidden.

Those of numbers (``math.tanh``), what torch has once more in Python (``torch._refs``) or as a
helper (``torch.nn.utils``), and its other interpreters: TorchScript is switched off, so that its
functions are run as Python.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import re
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from types import FunctionType, ModuleType
from typing import Any

import torch
import torch._ops

_ALWAYS = ("cmath", "math", "numpy")
# Libraries that compute with numbers by themselves; one is loaded only for who names it.
NUMERICAL = (*_ALWAYS, *"gmpy2 jax jaxlib mpmath numba numexpr scipy sklearn sympy".split())
_LATE = ("numpy", "sympy")  # these load some of their modules when they are first used
# Written in Python: operations once more, and helpers; what is not loaded of these, nobody loads.
_IN_PYTHON = tuple(
    f"torch.{name}" for name in ("_refs", "_decomp", "_prims", "_inductor", "testing", "nn.utils")
)
_WITH_CLASSES = "torch.distributions"  # some of its classes are an operation, written in Python
_Search = Callable[[Any], object]
_WORDS_MEET = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")  # in the name of a class


def bare(name: str) -> str:
    """A name in small letters, without what comes after a colon or dot."""
    return name.partition(":")[0].partition(".")[0].lower()


def part_of(name: str, forbidden: Collection[str]) -> str:
    """The longest forbidden name that some words of a name make up; empty where none does."""
    words = [word for word in bare(name).split("_") if word]
    ends = range(1, len(words) + 1)
    found = {"".join(words[i:j]) for j in ends for i in range(j)}.intersection(forbidden)
    return max(found, key=len, default="")


def refuse(*_: Any, **__: Any) -> None:
    """Stand for what is forbidden."""
    raise RuntimeError("this operation is not to be used")


def withhold(forbidden: Collection[str], libraries: Iterable[str]) -> None:
    """Let nobody call a function with a forbidden name, wherever it is kept."""
    for name in {*_ALWAYS, *libraries}.intersection(NUMERICAL):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)  # now: later it is closed
    load_for_transforms()
    gc.unfreeze()  # what was there before the fork is to be found as well
    found = [*_functions(forbidden), *_interpreters()]
    for one in found:
        _disable(one)
    _forget([one for one in found if not isinstance(one, FunctionType)])
    torch.jit._state.disable()
    torch._ops.OpOverloadPacket.__call__ = _checked(forbidden)  # type: ignore[method-assign]
    late = vars(torch)["_lazy_modules"]  # of which torch's profiler asks whether they are there
    late.difference_update(name.rpartition(".")[2] for name in _IN_PYTHON)
    _close()


def load_for_transforms() -> None:
    """Load what vmap and forward differentiation load when they are first used."""
    importlib.import_module("torch._functorch.vmap").lazy_load_decompositions()
    importlib.import_module("torch._decomp.decompositions_for_jvp")


def _functions(forbidden: Collection[str]) -> Iterator[Any]:
    """Functions and classes with a forbidden name, of numbers and of torch's second copies."""
    for module in _modules():
        for name, value in list(vars(module).items()):
            if callable(value) and part_of(_WORDS_MEET.sub("_", name), forbidden):
                yield value
                yield from _methods(value) if isinstance(value, type) else ()


def _methods(one: type) -> Iterator[FunctionType]:
    return (value for value in vars(one).values() if isinstance(value, FunctionType))


def _modules() -> list[ModuleType]:
    numerical = {name for name in sys.modules if name.partition(".")[0] in NUMERICAL}
    copies = {name for name in sys.modules if name.startswith((*_IN_PYTHON, _WITH_CLASSES))}
    return [sys.modules[name] for name in sorted(numerical | copies)]


def _interpreters() -> list[Any]:
    """What runs programs that are written in other languages than Python."""
    other: Any = torch._C
    return [
        torch.jit.CompilationUnit, other.CompilationUnit, other._te.TensorExprKernel,
        other._te.SimpleIREvaluator, other._create_function_from_graph,
    ]  # fmt: skip


def _disable(function: Any) -> None:
    """Let a function that is written in Python refuse, and what it wraps, whoever holds it."""
    waiting, seen = [function], set[int]()
    while waiting:
        one = waiting.pop()
        if isinstance(one, FunctionType) and id(one) not in seen:
            seen.add(id(one))
            waiting += [getattr(one, "__wrapped__", None), *_held(one)]
            one.__code__ = refuse.__code__.replace(co_freevars=one.__code__.co_freevars)


def _held(function: FunctionType) -> Iterator[Any]:
    """What a function's inner variables hold, if it wraps a function of its own name."""
    for cell in function.__closure__ or ():
        with contextlib.suppress(ValueError):  # an empty one
            held = cell.cell_contents
            if getattr(held, "__name__", "") == function.__name__:
                yield held


def _forget(found: list[Any]) -> None:
    """Take objects out of every module, dictionary and list that holds one of them."""
    gone = set(map(id, found))
    for holder in gc.get_referrers(*found) if found else ():
        if holder is found:
            continue
        if isinstance(holder, dict):
            for key in [k for k, v in holder.items() if id(v) in gone or id(k) in gone]:
                del holder[key]
        elif isinstance(holder, list):
            holder[:] = [one for one in holder if id(one) not in gone]


def _checked(forbidden: Collection[str]) -> Any:
    """How one of torch's operations is called: on numbers it would not reach the dispatcher."""
    usual: Any = torch._ops.OpOverloadPacket.__call__

    def call(self: Any, /, *args: Any, **named: Any) -> Any:
        if part_of(str(self.__name__), forbidden):
            refuse()
        return usual(self, *args, **named)

    return call


def _close() -> None:
    """Let nobody load a second copy, under whatever name, or search memory or change a function.

    A refusal is an error with a frame, through which the names of its module can be bound anew: so
    each of these functions has all that it asks among its arguments.
    """
    ready = [library for library in _LATE if library in sys.modules]  # it may load more of itself
    names = "|".join(library for library in NUMERICAL if library not in ready)
    every, copies = "|".join(NUMERICAL), "|".join(map(re.escape, _IN_PYTHON)).replace(r"\.", "[./]")
    opened = rf"(?:\A|[./])(?:{copies})(?:[./]|\Z)"
    closed = rf"\A(?:{names})(?:\.|\Z)|(?:\A|\.)(?:{every})\Z|{opened}"
    file = rf"(?:\A|/)(?:{every})(?:\.[^/]*)?\Z"
    in_texts, in_bytes = re.compile(opened).search, re.compile(opened.encode()).search
    asked = re.compile(closed).search, re.compile(file).search
    sys.addaudithook(functools.partial(_refuse_import, ImportError, *asked))
    sys.addaudithook(functools.partial(_refuse_file, ImportError, isinstance, bytes, in_bytes))
    sys.addaudithook(functools.partial(_refuse_file, ImportError, isinstance, str, in_texts))
    sys.addaudithook(functools.partial(_refuse_search, RuntimeError))


def _refuse_import(
    error: type[Exception], name: _Search, file: _Search, event: str, words: tuple[Any, ...]
) -> None:
    """Refuse a library of numbers and a second copy, by the module's name and its file's."""
    if event == "import" and (name(words[0]) or (words[1] is not None and file(words[1]))):
        raise error("this module is not to be used")


def _refuse_file(
    error: type[Exception],
    is_one: Callable[[Any, type], bool],
    kind: type,
    path: _Search,
    event: str,
    words: tuple[Any, ...],
) -> None:
    """Refuse to read a second copy's file."""
    if event == "open" and is_one(words[0], kind) and path(words[0]):
        raise error("this file is not to be used")


def _refuse_search(error: type[Exception], event: str, words: tuple[Any, ...]) -> None:
    """Refuse to look for objects, to call libraries by address, to put back a function's code."""
    puts_back = event == "object.__setattr__" and words[1] == "__code__"
    if puts_back or event.startswith(("ctypes.", "gc.")):
        raise error("the interpreter's memory is not to be searched")

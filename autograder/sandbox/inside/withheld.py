"""Takes operations away from this process, for good: whoever asks for one gets an error.

torch's dispatcher stands below all that Python can reach, in every thread. What is registered here
takes the place of an operation's kernels, and the handle by which that could be undone is lost on
purpose. So a right answer that comes from such a process was computed without them.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import sys
import warnings
from collections.abc import Collection, Iterable, Iterator
from typing import Any

import torch

# Where an operation on some kind of tensor may begin or end; torch knows no others on a CPU or GPU.
_ALWAYS = ("AutogradCPU", "AutogradCUDA", "BackendSelect", "CPU", "CUDA")
_WHERE_KNOWN = (
    "Meta MkldnnCPU QuantizedCPU QuantizedCUDA SparseCPU SparseCUDA SparseCsrCPU SparseCsrCUDA "
    "NestedTensorCPU NestedTensorCUDA AutogradNestedTensor AutogradOther "
    "CompositeImplicitAutograd CompositeImplicitAutogradNestedTensor CompositeExplicitAutograd "
    "CompositeExplicitAutogradNonFunctional"
).split()
# Operations written once more in Python.
_IN_PYTHON = tuple(f"torch.{name}" for name in ("_refs", "_decomp", "_prims", "_inductor"))
_OF_NUMBERS = ("math", "cmath", "numpy")
_SLOPES = ("backward", "backwarddata", "backwardinput")
# Libraries whose operations do several of torch's at once, by names of their own.
FUSED = frozenset("mkldnn mkldnnprepacked onednn mkl quantized".split())


def plain(name: str) -> str:
    """A name in small letters, without underscores and what comes after a colon or dot."""
    return name.partition(":")[0].partition(".")[0].replace("_", "").lower()


def used_of(forbidden: Collection[str], names: Iterable[str]) -> set[str]:
    """Which of these names, as they were noted, are those of forbidden operations.

    Where differentiating is forbidden, so are torch's ready-made slopes: ``sigmoid_backward``.
    """
    used = {plain(one) for one in names}
    slopes = {one for one in used if one.endswith(_SLOPES)} if "backward" in forbidden else set()
    return used & {*forbidden, *FUSED} | slopes


def withhold(forbidden: Collection[str]) -> None:
    """Take away every operation whose plain name is among these, under all its names.

    The operations of libraries that do several at once go altogether.
    """
    dispatcher: Any = torch._C
    by_library: dict[str, list[str]] = {}
    for full_name in dispatcher._dispatch_get_all_op_names():
        library, _, name = full_name.partition("::")
        if library.lstrip("_") in FUSED or (library == "aten" and used_of(forbidden, [name])):
            by_library.setdefault(library, []).append(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a kernel is replaced
        for library, names in by_library.items():
            _replace(library, names)
    _withhold_in_python(forbidden)


def _replace(library: str, names: list[str]) -> None:
    """Put a refusal in the place of each of these operations of a library."""
    place: Any = torch._C._dispatch_library("IMPL", library, "", __file__, 0)
    for name in names:
        for key in _keys(f"{library}::{name}"):
            place.impl(name, key, _refuse)
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(place))  # it stays, and nothing leads to it


def _keys(name: str) -> Iterator[str]:
    yield from _ALWAYS
    has_kernel: Any = torch._C._dispatch_has_kernel_for_dispatch_key
    yield from (key for key in _WHERE_KNOWN if has_kernel(name, key))


def _refuse(*_: Any, **__: Any) -> None:
    raise RuntimeError("this operation is not to be used")


def _withhold_in_python(forbidden: Collection[str]) -> None:
    """What computes without torch's operations: functions of numbers, and sources to read."""
    for name in _OF_NUMBERS:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)  # now: later it is closed
    gc.unfreeze()  # what was there before the fork is to be found as well
    places = [m for name, m in sys.modules.items() if name.partition(".")[0] in _OF_NUMBERS]
    for place in places:
        for name, value in list(vars(place).items()):
            if plain(name) in forbidden and callable(value):
                _forget(value)
    for name in [name for name in sys.modules if _is_closed(name)]:
        sys.modules[name] = None  # type: ignore[assignment]
    sys.addaudithook(_close)


def _forget(function: object) -> None:
    """Take a function out of every module, dictionary and list that holds it."""
    for holder in gc.get_referrers(function):
        if isinstance(holder, dict):
            for key in [k for k, v in holder.items() if v is function or k is function]:
                del holder[key]
        elif isinstance(holder, list):
            holder[:] = [one for one in holder if one is not function]


def _close(event: str, words: tuple[Any, ...]) -> None:
    if event not in ("import", "open"):
        return
    name = str(words[0])
    anew = event == "import" and name in _OF_NUMBERS  # a second copy would have everything
    if anew or _is_closed(name.replace("/", ".")):
        raise ImportError("this module is not to be used")


def _is_closed(name: str) -> bool:
    return any(f".{one}." in f".{name}." for one in _IN_PYTHON)

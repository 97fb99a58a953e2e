"""Takes operations away from this process, for good: whoever asks for one gets an error.

torch's dispatcher stands below all that Python can reach, in every thread. What is registered here
takes the place of an operation's kernels, and the handle by which that could be undone is lost on
purpose. So a right answer that comes from such a process was computed without them. What computes
beside the dispatcher is closed by ``withheld_functions``.
"""

from __future__ import annotations

import ctypes
import re
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

import torch

from . import interpreter_access, withheld_functions

# Where an operation on some kind of tensor may begin or end; torch knows no others on a CPU or GPU.
_ALWAYS = ("AutogradCPU", "AutogradCUDA", "BackendSelect", "CPU", "CUDA")
_WHERE_KNOWN = (
    "Meta MkldnnCPU QuantizedCPU QuantizedCUDA SparseCPU SparseCUDA SparseCsrCPU SparseCsrCUDA "
    "NestedTensorCPU NestedTensorCUDA AutogradNestedTensor AutogradOther "
    "CompositeImplicitAutograd CompositeImplicitAutogradNestedTensor CompositeExplicitAutograd "
    "CompositeExplicitAutogradNonFunctional"
).split()
_OF_MANY_PARTS = re.compile(interpreter_access.PARTS)
# Libraries whose operations do several of torch's at once, by names of their own.
FUSED = frozenset("mkldnn mkldnnprepacked onednn mkl quantized".split())
_DIFFERENTIATION = "backward"  # an exercise that forbids it is done without autograd


def plain(name: str) -> str:
    """A name in small letters, without underscores and what comes after a colon or dot."""
    return withheld_functions.bare(name).replace("_", "")


def used_of(forbidden: Collection[str], names: Iterable[str]) -> set[str]:
    """Which of these names of functions and modules, as they were noted, are forbidden."""
    return {plain(one) for one in names} & {*forbidden, *FUSED}


def operations_of(forbidden: Collection[str], names: Iterable[str]) -> set[str]:
    """Which forbidden things some of torch's operations do, whatever else they do as well.

    Its libraries have many operations for one: ``_foreach_exp``, ``mkldnn_linear_backward``.
    """
    done = {withheld_functions.part_of(one, forbidden) for one in names}
    return (done | FUSED.intersection(map(plain, names))) - {""}


def withhold(forbidden: Collection[str], libraries: Iterable[str] = ()) -> None:
    """Take away every operation that does something of this, and the functions that do it.

    Operations that do several things at once go altogether: parts of networks, and libraries of
    them; not those that torch makes of others, which are looked for one by one. Where
    differentiating is forbidden, nothing is noted for it any more.

    Args:
        forbidden: plain names of operations.
        libraries: of numbers, that are to be used without what is forbidden in them.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a kernel is replaced
        for library, names in _operations().items():
            _replace(library, [n for n in names if _is_forbidden(library, n, forbidden)])
        if _DIFFERENTIATION in forbidden:
            _let_through(_operations()["aten"])
    withheld_functions.withhold(forbidden, libraries)


def _operations() -> dict[str, list[str]]:
    """All operations of torch, by library."""
    dispatcher: Any = torch._C
    by_library: dict[str, list[str]] = {}
    for full_name in dispatcher._dispatch_get_all_op_names():
        library, _, name = full_name.partition("::")
        by_library.setdefault(library, []).append(name)
    return by_library


def _is_forbidden(library: str, name: str, forbidden: Collection[str]) -> bool:
    if library.lstrip("_") in FUSED:
        return True
    if library != "aten":
        return False
    closed = bool(_OF_MANY_PARTS.search(name)) and not _is_made_of_others(f"aten::{name}")
    return closed or bool(operations_of(forbidden, [name]))


def _is_made_of_others(name: str) -> bool:
    """Whether an operation has no code but calls of others, which pass through the dispatcher."""
    has_kernel: Any = torch._C._dispatch_has_kernel_for_dispatch_key
    by_itself = "quant" in name or "attention" in name  # these choose among others' code
    return not by_itself and has_kernel(name, "CompositeImplicitAutograd")


def _replace(library: str, names: list[str]) -> None:
    """Put a refusal in the place of each of these operations of a library."""
    with_keys = ((name, key) for name in names for key in _keys(f"{library}::{name}"))
    _register(library, with_keys, withheld_functions.refuse)


def _let_through(names: list[str]) -> None:
    """Let these operations of torch's own note nothing by which autograd could differentiate."""
    keys = ("AutogradCPU", "AutogradCUDA")
    through = torch.library.fallthrough_kernel
    _register("aten", ((name, key) for name in names for key in keys), through)


def _register(
    library: str, operations: Iterable[tuple[str, str]], kernel: Callable[..., Any]
) -> None:
    dispatcher: Any = torch._C
    place = dispatcher._dispatch_library("IMPL", library, "", __file__, 0)
    for name, key in operations:
        place.impl(name, key, kernel)
    _lose(place)


def _lose(handle: object) -> None:
    """Let what a handle did stay, and leave no object in memory by which it could be undone."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(handle))  # it is never freed
    start, size, empty = id(handle), type(handle).__basicsize__, object()
    kind = object.__basicsize__ - ctypes.sizeof(ctypes.c_void_p)  # where the type's address stands
    ctypes.memset(start + object.__basicsize__, 0, size - object.__basicsize__)
    ctypes.memmove(start + kind, id(empty) + kind, ctypes.sizeof(ctypes.c_void_p))


def _keys(name: str) -> Iterator[str]:
    yield from _ALWAYS
    has_kernel: Any = torch._C._dispatch_has_kernel_for_dispatch_key
    yield from (key for key in _WHERE_KNOWN if has_kernel(name, key))

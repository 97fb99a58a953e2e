"""Names by which code can reach beyond what it computes: the interpreter, torch's own parts, files.

Own work is noted in the process of whoever does it. An answer all of whose names are familiar, such
as those of torch's operations, cannot get at the notes, nor at what is forbidden under another
name. Any other answer is asked again, where what is forbidden cannot be run at all. Of the cells
around an answer, those count that say one of the names by which such things are reached.
"""

from __future__ import annotations

import ast
import functools
import itertools
import math
import re
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import torch
import torch.nn.functional as F

# Modules of the standard library that hold nothing but functions of their own.
_HARMLESS = frozenset(
    "__future__ abc array bisect cmath collections copy dataclasses decimal enum fractions "
    "functools heapq itertools math numbers random statistics time typing".split()
)
_BUILT_IN = frozenset(
    "__builtins__ __import__ __loader__ __spec__ breakpoint compile delattr dir eval exec getattr "
    "globals help locals object open setattr vars".split()
)
_OF_LIBRARIES = frozenset(
    "ag_frame cr_frame f_back f_builtins f_globals f_locals gi_frame tb_frame tb_next classes "
    "compile export fx hub jit lib library multiprocessing numpy ops overrides package profiler "
    "serialization utils".split()
)
# Functions that look up an attribute whose name is a text.
_LOOKING_UP = frozenset("format_map get_field get_type_hints update_wrapper wraps".split())
OF_MODULES = sys.stdlib_module_names - _HARMLESS
_OWN = {"self", "cls"}
_SPECIAL = {"__init__", "__call__", "__class__", "__version__"}
# What answers say of tensors, numbers and types, beside torch's operations and Python's own.
_FAMILIAR = frozenset(
    "__future__ abc annotations Any as_tensor backward bfloat16 bool cache Callable "
    "collections complex128 complex64 data device Dict double dtype e eps expand F finfo "
    "float float16 float32 float64 functional functools grad H half iinfo inf inference_mode "
    "int int16 int32 int64 int8 is_leaf is_tensor itemsize Iterable Iterator "
    "itertools layout linalg List logsigmoid long lru_cache math max min mT nan nbytes ndim nn "
    "no_grad numel Optional Parameter partial pi reduce requires_grad requires_grad_ retain_grad "
    "Sequence set_grad_enabled shape size smallest_normal special T Tensor tensor tiny tolist "
    "torch Tuple typing uint8 Union".split()
)
# Operations in which others run unnamed: parts of networks, and those of libraries.
PARTS = "attention|cell|ctc_loss|fake|gru|lstm|quant|rnn"
_HIDING = re.compile(f"{PARTS}|loss|cudnn|miopen|mkldnn")
_PLAIN_TYPES: tuple[type, ...] = (str, list, dict, set, tuple, int, float, complex, range, slice)


def beyond(nodes: Iterable[ast.AST]) -> list[str]:
    """What some statements mention that is known to reach beyond an exercise, sorted."""
    return sorted({name for name in _mentioned(nodes, strict=False) if _is_far(name)})


def unfamiliar(nodes: Iterable[ast.AST]) -> list[str]:
    """What some statements mention that is neither an operation of torch nor harmless, sorted.

    Attributes of ``self`` count as well: somebody may call torch so.
    """
    return sorted(set(_mentioned(nodes, strict=True)) - familiar())


def _mentioned(nodes: Iterable[ast.AST], *, strict: bool) -> Iterator[str]:
    """The names of attributes and imports, and of what is built in and leads further."""
    for part in itertools.chain.from_iterable(map(ast.walk, nodes)):
        match part:
            case ast.Name(id=name) if name in _BUILT_IN:
                yield name
            case ast.Attribute(value=ast.Name(id=owner), attr=name) if owner in _OWN and not strict:
                yield from [name] if name.startswith("__") else []
            case ast.Attribute(attr=name):
                yield name
            case ast.MatchClass(patterns=by_place, kwd_attrs=names):  # case object(sigmoid=found)
                yield from ["__match_args__"] if by_place or (names and strict) else []
                yield from names
            case ast.ImportFrom(module=module, names=aliases):
                yield from [*(module or "").split("."), *(alias.name for alias in aliases)]
            case ast.Import(names=aliases):
                yield from (word for alias in aliases for word in alias.name.split("."))


def _is_far(name: str) -> bool:
    private = name.startswith("_") and name not in _SPECIAL and name not in _HARMLESS
    known = name in _BUILT_IN or name in _OF_LIBRARIES or name in _LOOKING_UP
    return private or known or name in OF_MODULES


@functools.cache
def familiar() -> frozenset[str]:
    """Names with which nothing but numbers, texts and tables can be reached.

    Operations that stand for a part of a network are none of them: others run inside.
    """
    places = (torch, torch.Tensor, F, torch.special, torch.linalg)
    dispatcher: Any = torch._C
    all_names = dispatcher._dispatch_get_all_op_names()
    operations = {n.removeprefix("aten::").partition(".")[0] for n in all_names}
    known = {name for name in operations for place in places if hasattr(place, name)}
    known.update(*map(dir, _PLAIN_TYPES), dir(math), dir(itertools))
    hiding = {name for name in known if _HIDING.search(name)}
    plain = {name for name in known - hiding if not _is_far(name)}
    return frozenset(plain - {"format"} | _FAMILIAR)

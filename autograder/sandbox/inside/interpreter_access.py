"""Names by which code can reach beyond what it computes: the interpreter, torch's own parts, files.

Own work is noted in the process of whoever does it. Code without any of these names cannot get at
the notes; code with one is asked again, where what is forbidden cannot be run at all.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator

# Modules of the standard library that hold nothing but functions of their own.
_HARMLESS = frozenset(
    "__future__ abc array bisect cmath collections copy dataclasses decimal enum fractions "
    "functools heapq itertools math numbers random statistics string time typing".split()
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
_OF_MODULES = sys.stdlib_module_names - _HARMLESS
_OWN = {"self", "cls"}
_SPECIAL = {"__init__", "__call__", "__class__", "__version__"}


def beyond(nodes: Iterable[ast.stmt]) -> list[str]:
    """What some statements mention that reaches beyond an exercise, sorted."""
    return sorted({name for node in nodes for part in ast.walk(node) for name in _beyond(part)})


def _beyond(part: ast.AST) -> Iterator[str]:
    match part:
        case ast.Name(id=name) if name in _BUILT_IN:
            yield name
        case ast.Attribute(value=ast.Name(id=owner), attr=name) if owner in _OWN:
            yield from _far([name] if name.startswith("__") else [])
        case ast.Attribute(attr=name):
            yield from _far([name])
        case ast.MatchClass(kwd_attrs=names):  # case object(__subclasses__=found)
            yield from _far(names)
        case ast.ImportFrom(module=module, names=aliases):
            yield from _far([*(module or "").split("."), *(alias.name for alias in aliases)])
        case ast.Import(names=aliases):
            yield from _far(word for alias in aliases for word in alias.name.split("."))


def _far(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        private = name.startswith("_") and name not in _SPECIAL and name not in _HARMLESS
        if private or name in _BUILT_IN or name in _OF_LIBRARIES or name in _OF_MODULES:
            yield name

"""Keeps torch's compiler (0.7 s, 500 modules) unloaded until something asks for it.

The first meta tensor and the first optimizer step load it, only to say of some functions that they
are not to be compiled. Where nothing is compiled these words mean nothing; code that asks for
anything else gets the real compiler, at the price of loading it.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import torch

_NAME = "torch._dynamo"


class _Unloaded(ModuleType):
    """Stands for the compiler as long as nothing compiles."""

    @staticmethod
    def disable(fn: Callable[..., Any] | None = None, *options: Any, **named: Any) -> Any:
        """Leave a function as it is: nothing would compile it."""
        return (lambda function: function) if fn is None else fn

    @staticmethod
    def graph_break() -> None:
        """Break no graph: there is none."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__path__":  # inspect asks all modules for __file__
            raise AttributeError(name)
        return getattr(load_compiler(), name)


def keep_compiler_unloaded() -> None:
    """Put the stand-in where torch looks for its compiler, unless that is loaded already."""
    if _NAME not in sys.modules:
        sys.modules[_NAME] = torch._dynamo = _Unloaded(_NAME)


def load_compiler() -> ModuleType:
    """Load the real one; torch names it by itself then."""
    if isinstance(sys.modules.get(_NAME), _Unloaded):
        del sys.modules[_NAME]
    return importlib.import_module(_NAME)

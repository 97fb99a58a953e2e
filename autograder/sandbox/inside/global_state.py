"""Tells whether code that ran in this process left the global state of torch or Python changed.

Whatever one exercise does to the globals that all share, the next must not pay for it. Nothing
here is a defence: a student who forges the answer harms only the other exercises of their own.
"""

from __future__ import annotations

import builtins
import contextlib
import functools
import gc
import math
import random
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

# Modules of this folder.
_ANSWERING = ("fingerprints", "process", "protocol", "recorder", "slicing")
_remembered: list[int] = []
_kept: list[tuple[str, Any, dict[str, Any]]] = []  # each with what it is called


def remember() -> None:
    """Note the present state as the good one; the zygote does so before its first fork."""
    _remembered[:] = [_snapshot()]
    _kept[:] = [(_called(place), place, dict(vars(place))) for place in _libraries()]


def _called(place: Any) -> str:
    """The name of a module or class, as code says it."""
    name = place.__name__
    return f"{place.__module__}.{name}" if isinstance(place, type) else str(name)


def replaced() -> set[str]:
    """Functions and classes of torch and Python that something else stands for, by their names."""
    return {
        f"{called}.{name}"
        for called, place, names in _kept
        for name, value in list(vars(place).items())
        if value is not names.get(name, _inherited(place, name, value))
        and callable(value)
        and not _is_of_torch(value)
    }


def _inherited(place: Any, name: str, otherwise: Any) -> Any:
    """What a class would have from others under a name."""
    parents = place.__mro__[1:] if isinstance(place, type) else ()
    return next((vars(one)[name] for one in parents if name in vars(one)), otherwise)


def _is_of_torch(value: Any) -> bool:
    """Whether torch itself put it there: it wraps some of its functions at their first use."""
    try:
        return str(value.__module__).partition(".")[0] == "torch"
    except Exception:
        return False


def restore() -> None:
    """Give torch and Python back what somebody replaced; the engine's own modules stay as they are.

    They stay, since a patch of these is what is being looked for then.
    """
    for _, place, names in _kept:
        now = dict(vars(place))
        for name in now.keys() - names.keys():
            _try(delattr, place, name)
        for name, value in names.items():
            if now.get(name) is not value:
                _try(setattr, place, name, value)
    sys.setrecursionlimit(max(sys.getrecursionlimit(), 1000))
    warnings.resetwarnings()
    np.seterr(all="warn")
    torch.set_default_device(None)
    torch._C._set_deterministic_algorithms(False)  # the public function loads torch's compiler


def _try(change: Callable[..., None], *words: Any) -> None:
    with contextlib.suppress(AttributeError, TypeError):
        change(*words)


def changed() -> bool:
    """Whether the state differs from the one remembered."""
    return [_snapshot()] != _remembered


def _snapshot() -> int:
    names = tuple(tuple(map(id, vars(place).values())) for place in _places())
    return hash((*_switches(), names))


def _places() -> Iterator[Any]:
    """Modules and classes whose names an exercise may use, and those that answer for it."""
    yield from _libraries()
    yield from _own_modules()
    for module in _own_modules():
        yield from (part for part in vars(module).values() if isinstance(part, type))


@functools.cache
def _own_modules() -> tuple[Any, ...]:
    """Looked up before there is student code: later, nobody finds them by name."""
    return tuple(sys.modules[f"{__package__}.{name}"] for name in _ANSWERING)


def _libraries() -> Iterator[Any]:
    modules = (torch, F, nn, nn.init, torch.optim, torch.linalg, torch.autograd, math, random)
    yield from (*modules, builtins, Tensor, nn.Module)
    for module in (nn, torch.optim):
        yield from (part for part in vars(module).values() if isinstance(part, type))


def _switches() -> Iterator[object]:
    """Settings that change how later code runs."""
    yield torch.get_default_dtype()
    yield torch.is_grad_enabled()
    yield str(torch.get_default_device())
    yield torch.are_deterministic_algorithms_enabled()
    yield torch.is_anomaly_enabled()
    yield torch.get_float32_matmul_precision()
    yield torch.get_num_threads()
    yield tuple(np.geterr().values())
    yield tuple(map(str, warnings.filters))
    yield (sys.getrecursionlimit(), sys.getswitchinterval(), sys.gettrace(), sys.getprofile())
    yield (gc.isenabled(), threading.active_count(), signal.getitimer(signal.ITIMER_REAL)[0])

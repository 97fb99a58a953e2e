"""The condition of a process: whether code that ran in it left torch or Python changed.

Whatever one exercise does to the globals that all share, the next must not pay for it. Nothing
here is a defence: a student who forges the answer spoils nobody's work but the own.
"""

from __future__ import annotations

import builtins
import gc
import math
import random
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

_remembered: list[int] = []


class InputUnavailable(Exception):
    """``input()`` was called, but nobody sits at the keyboard while grading."""


def _no_input(prompt: object = "") -> str:
    raise InputUnavailable


def remember() -> None:
    """Note the present condition as the good one; the zygote does so before its first fork."""
    _remembered[:] = [_condition()]


def changed() -> bool:
    """Whether the condition is another than the one remembered."""
    return [_condition()] != _remembered


def keep_one_thread() -> None:
    """Make torch.set_num_threads do nothing: a sandbox has one core, and sums stay repeatable."""
    for name in ("set_num_threads", "set_num_interop_threads"):
        setattr(torch, name, lambda count: None)


def spare_absent_devices() -> None:
    """Say that no fork may use a GPU: torch.manual_seed formats a stack trace for each kind."""
    name = "_is_in_bad_fork"
    for kind in (torch.cuda, torch.xpu, torch.mps, torch.mtia):
        setattr(kind, name, lambda: True)


def unplug_keyboard() -> None:
    """Make input() say that nobody is there."""
    builtins.input = _no_input


def _condition() -> int:
    names = tuple(tuple(map(id, vars(place).values())) for place in _places())
    return hash((*_switches(), names))


def _places() -> Iterator[Any]:
    """Modules and classes whose names an exercise may use."""
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

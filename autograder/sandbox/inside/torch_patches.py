"""Small changes to torch and Python that every process of the engine starts with."""

from __future__ import annotations

import builtins
import os
from typing import Any

import torch

os.environ.setdefault("KINETO_LOG_LEVEL", "6")  # torch's profiler would print when it starts


class InputUnavailable(Exception):
    """``input()`` was called, but nobody sits at the keyboard while grading."""


def _no_input(prompt: object = "") -> str:
    raise InputUnavailable


def keep_one_thread() -> None:
    """Make torch.set_num_threads do nothing: a sandbox has one core, and sums stay repeatable."""
    for name in ("set_num_threads", "set_num_interop_threads"):
        setattr(torch, name, lambda count: None)


def spare_absent_devices() -> None:
    """Say that no fork may use a GPU: torch.manual_seed formats a stack trace for each kind."""
    name = "_is_in_bad_fork"
    for kind in (torch.cuda, torch.xpu, torch.mps, torch.mtia):
        setattr(kind, name, lambda: True)


def compile_nothing() -> None:
    """Let torch.compile hand back what it is given: it would need a C++ compiler, and minutes."""

    def compiled(model: Any = None, **options: Any) -> Any:
        return (lambda function: function) if model is None else model

    vars(torch)["compile"] = compiled


def refuse_input() -> None:
    """Make input() raise: nobody sits at the keyboard."""
    builtins.input = _no_input

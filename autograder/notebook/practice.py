"""The practice worker: runs a notebook's visible checks with the rights of the user who started it.

``python -m autograder.notebook.practice`` reads one order (a JSON line: setup, cells, checks) and
answers with a JSON line when it is ready and one per check. Nothing hidden is present here: all
that it knows is what the notebook holds.
"""

from __future__ import annotations

import builtins
import contextlib
import io
import json
import os
import sys
from collections.abc import Iterator
from types import CodeType
from typing import Any

from autograder.notebook import visible, wording
from autograder.sandbox.inside.process import NotDefined, Process

PASSED = "passed"
FAILED = "failed"
OPEN = "open"


def main() -> None:
    """Carry out one order; what student code prints goes nowhere."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    order = json.loads(sys.stdin.buffer.readline())
    answers.write('"ready"\n')
    answers.flush()
    process = Process()
    process.do_prepare({}, {"setup": order["setup"], "cells": order["cells"]})
    for exercise, check in order["checks"]:
        state, message = checked(process, exercise, check)
        answers.write(json.dumps([exercise, state, message]) + "\n")
        answers.flush()


def checked(process: Process, exercise: str, check: str) -> tuple[str, str]:
    """Run one visible check: how it went, and the words that the notebook would show."""
    if trouble := _unreadable(process, exercise):
        return FAILED, f"✗ {exercise}: {trouble}"
    try:
        _run(process, exercise, check)
    except visible.CheckFailed as found:
        said = "\n".join([str(found), *_reason(process, exercise, found.__context__)])
        return OPEN if said.startswith("·") else FAILED, said
    except NotDefined:
        return FAILED, f"✗ {exercise}: {wording.UNDEFINED.format(expected=exercise)}"
    except BaseException as error:  # student code may raise anything, SystemExit too
        return FAILED, f"✗ {exercise}: it stopped with {type(error).__name__}: {error}"
    return PASSED, ""


def _reason(process: Process, exercise: str, error: BaseException | None) -> Iterator[str]:
    """Why a name that the answer needs is not there: what its own line raised."""
    if error is not None and (cause := process.cause(exercise, error)) is not error:
        line = process.own_line(cause)
        yield wording.BECAUSE.format(error=type(cause).__name__, text=cause, line=line)


def _unreadable(process: Process, exercise: str) -> str:
    """Why an answer cannot be read as Python; empty if it can."""
    problems = (cell.problem for cell in process.cells if exercise in cell.exercises)
    line, said = next((problem for problem in problems if problem), (0, ""))
    return wording.SYNTAX.format(line=line, said=said) if line else ""


def _run(process: Process, exercise: str, check: str) -> None:
    namespace: dict[str, Any] = {**process.base(), exercise: process.value(exercise)}
    namespace["visible_checks"] = visible.visible_checks
    code = compile(check, "<check>", "exec")
    for name in set(_names(code)) - namespace.keys() - vars(builtins).keys():
        with contextlib.suppress(NotDefined):  # a script has no setup that is marked as such
            namespace[name] = process.value(name)
    with contextlib.redirect_stdout(io.StringIO()):
        exec(code, namespace)


def _names(code: CodeType) -> Iterator[str]:
    """The names that some code mentions, global ones and attributes."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


if __name__ == "__main__":
    main()

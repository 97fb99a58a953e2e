"""The practice worker: runs a notebook's visible checks with the rights of the user who started it.

``python -m autograder.notebook.practice`` reads one order (a JSON line: setup, cells, checks, and
whether to run the whole notebook) and answers with a JSON line when it is ready and one per check:
exercise, state, message, doubtful. It ends, with what the student's code has started, when whoever
gave the order is gone. Nothing hidden is here: all that it knows is what the notebook holds.
"""

from __future__ import annotations

import builtins
import contextlib
import io
import json
import os
import signal
import threading
from collections.abc import Iterator
from types import CodeType
from typing import Any

from autograder.notebook import visible, wording
from autograder.sandbox.inside import notebook
from autograder.sandbox.inside.process import NotDefined, Process

PASSED = "passed"
FAILED = "failed"
OPEN = "open"
LONGEST = 50_000  # characters of a message


def main() -> None:
    """Carry out one order; what student code prints goes nowhere, and nothing answers it."""
    orders, answers = os.dup(0), os.dup(1)
    for taken, mode in ((0, os.O_RDONLY), (1, os.O_WRONLY)):
        os.dup2(os.open(os.devnull, mode), taken)
    with os.fdopen(os.dup(orders), "rb") as lines:
        order = json.loads(lines.readline())
    threading.Thread(target=_end_with, args=(orders,), daemon=True).start()
    _say(answers, "", "ready", "", False)
    for answer in _answers(order):
        _say(answers, *answer)


def _say(answers: int, exercise: str, state: str, message: str, doubtful: bool) -> None:
    """One line, whatever student code has written there before."""
    line = f"\n{json.dumps([exercise, state, message[:LONGEST], doubtful])}\n".encode()
    while line:
        line = line[os.write(answers, line) :]


def _end_with(orders: int) -> None:
    """End this process and what it has started when nobody can give orders any more."""
    with contextlib.suppress(OSError):  # student code has closed it
        while os.read(orders, 1 << 10):
            pass
    if os.name == "posix" and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def _answers(order: dict[str, Any]) -> Iterator[tuple[str, str, str, bool]]:
    """Of each check: the exercise, how it went, the words, and whether to try it the other way.

    As for ``grade``, an exercise that fails by what it needs may pass in the whole notebook.
    """
    process, whole = Process(), order["as_notebook"]
    if whole:
        notebook.load()
    values = {"setup": order["setup"], "cells": order["cells"], "above": order["above"]}
    plain = process.do_prepare({"as_notebook": whole}, values)[1]["plain"]
    cells = [source or "" for _, source, _ in order["cells"]]
    ran = 0
    for exercise, check in order["checks"]:
        if whole:
            ran = _run_to_check(process, exercise, cells, ran)
        state, message, crashed = checked(process, exercise, check)
        yield exercise, state, message, state == FAILED and (crashed or not plain)


def _run_to_check(process: Process, exercise: str, cells: list[str], ran: int) -> int:
    """Run the cells above a check that have not been run; how many were run by then."""
    end = process.above.get(exercise, len(cells))
    for source in cells[ran:end]:
        process.do_run_cell({"source": source}, {})
    process.do_bind({"exercise": exercise}, {})
    return max(ran, end)


def checked(process: Process, exercise: str, check: str) -> tuple[str, str, bool]:
    """Run one visible check: how it went, the words of the notebook, and whether code stopped."""
    if trouble := _unreadable(process, exercise):
        return FAILED, f"✗ {exercise}: {trouble}", False
    try:
        _run(process, exercise, check)
    except visible.CheckFailed as found:
        said = "\n".join([str(found), *_reason(process, exercise, found.__context__)])
        state = OPEN if said.startswith("·") else FAILED
        return state, said, found.__context__ is not None
    except NotDefined:
        said = wording.UNDEFINED.format(expected=exercise)
        return FAILED, f"✗ {exercise}: {said}", True
    except BaseException as error:  # student code may raise anything, SystemExit too
        said = f"it stopped with {type(error).__name__}: {error}"
        return FAILED, f"✗ {exercise}: {said}", True
    return PASSED, "", False


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

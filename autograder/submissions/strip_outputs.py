"""Takes all but the code out of a large notebook, in a process that may run out of memory.

JSON of a hundred megabytes can need gigabytes as objects: the grader itself never parses it. What
a notebook was wrapped in stays around it, so that its reader sees the same form, only smaller.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable
from typing import Any

MEMORY = 2 << 30
CPU_SECONDS = 30
LARGEST = 8 << 20  # characters that the grader takes back
MAX_CELLS = 2_000
MAX_WRAPPERS = 3
DAMAGED = 3  # exit codes; of a damaged notebook, standard output says where
TOO_LARGE = 4
NO_CELLS = 5


def main(deeper: Callable[[Any], Any]) -> None:
    """Read JSON, write the cells with nothing but their code, or where the JSON is broken.

    ``deeper`` looks for a notebook that lies not at the surface of other JSON.
    """
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    try:
        text = json.dumps(_stripped(json.loads(sys.stdin.buffer.read()), deeper))
    except json.JSONDecodeError as error:
        sys.stdout.write(json.dumps([error.msg, error.pos]))
        sys.exit(DAMAGED)
    if len(text) > LARGEST:
        sys.exit(TOO_LARGE)
    sys.stdout.write(text)


def is_notebook(value: Any) -> bool:
    """Whether JSON is a notebook itself."""
    return isinstance(value, dict) and ("cells" in value or "worksheets" in value)


def inside(value: Any) -> Any:
    """The one notebook that lies in another value, as an object or as text; else None."""
    if isinstance(value, str):
        return value if value.lstrip()[:1] in ('"', "{") else None
    if is_notebook(value) or not isinstance(value, (list, dict)):
        return None
    found = [part for part in _parts(value) if is_notebook(part)]
    if not found and isinstance(value, dict) and isinstance(text := value.get("content"), str):
        return inside(text)
    return found[0] if len(found) == 1 else None


def _parts(value: Any) -> list[Any]:
    return value if isinstance(value, list) else list(value.values())


def _stripped(value: Any, deeper: Callable[[Any], Any], wrappers: int = MAX_WRAPPERS) -> Any:
    """The value with its code alone, in as many texts and objects as before."""
    if is_notebook(value):
        return _code_of(value)
    inner = (inside(value) or deeper(value)) if wrappers else None
    if inner is None:
        sys.exit(NO_CELLS)
    if isinstance(inner, str):
        return json.dumps(_stripped(json.loads(inner), deeper, wrappers - 1))
    return [_stripped(inner, deeper, wrappers - 1)]


def _code_of(notebook: dict[str, Any]) -> dict[str, Any]:
    cells = _list(notebook.get("cells")) or [
        cell for sheet in _list(notebook.get("worksheets")) for cell in _list(_of(sheet, "cells"))
    ]
    if not cells:
        sys.exit(NO_CELLS)
    cells = cells[: MAX_CELLS + 1]  # with one too many it is refused, whatever the others hold
    about = {name: _of(notebook.get("metadata"), name) for name in ("kernelspec", "language_info")}
    return {"cells": [_code_alone(cell) for cell in cells], "metadata": about}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _of(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


_OF_CODE = ("source", "input")


def _code_alone(cell: Any) -> dict[str, Any]:
    """A cell without its outputs; of text without an id, only that it was there."""
    kind = str(_of(cell, "cell_type")).strip().lower()
    marks = {name: _of(_of(cell, "metadata"), name) for name in ("nbgrader", "tags")}
    if kind != "code" and not marks["nbgrader"]:
        return {"cell_type": kind}
    kept = {name: cell[name] for name in _OF_CODE if name in cell}
    return {"cell_type": kind, "metadata": marks, **kept}

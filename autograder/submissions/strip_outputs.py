"""Takes all but the code out of a large notebook, in a process that may run out of memory.

    python -I -S strip_outputs.py < notebook > cells

JSON of a hundred megabytes can need gigabytes as objects: the grader itself never parses it.
"""

from __future__ import annotations

import json
import resource
import sys
from typing import Any

MEMORY = 2 << 30
CPU_SECONDS = 30
LARGEST = 8 << 20  # characters that the grader takes back
DAMAGED = 3  # exit codes; of a damaged notebook, standard output says where
TOO_LARGE = 4


def main() -> None:
    """Write the cells with nothing but their code, or where the JSON is broken."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    try:
        notebook = json.loads(sys.stdin.buffer.read())
    except json.JSONDecodeError as error:
        sys.stdout.write(json.dumps([error.msg, error.pos]))
        sys.exit(DAMAGED)
    text = json.dumps({"cells": [_code_alone(cell) for cell in _cells(notebook)]})
    if len(text) > LARGEST:
        sys.exit(TOO_LARGE)
    sys.stdout.write(text)


def _cells(notebook: Any) -> list[Any]:
    sheets = notebook.get("worksheets") or []
    return notebook.get("cells") or [cell for sheet in sheets for cell in sheet.get("cells", [])]


_OF_CODE = ("cell_type", "metadata", "source", "input")


def _code_alone(cell: Any) -> dict[str, Any]:
    """A cell without its outputs; of text and the pictures in it, only that it was there."""
    kept = _OF_CODE if cell.get("cell_type") == "code" else ("cell_type",)
    return {name: cell[name] for name in kept if name in cell}


if __name__ == "__main__":
    main()

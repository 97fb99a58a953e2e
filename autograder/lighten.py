"""Takes a large notebook's outputs away, in a process of its own that may run out of memory.

    python -I -S lighten.py < notebook > cells

JSON of a hundred megabytes can need gigabytes as objects: the grader itself never parses it.
"""

from __future__ import annotations

import json
import resource
import sys
from typing import Any

MEMORY = 2 << 30
CPU_SECONDS = 30
DAMAGED = 3  # exit code: standard output says where


def main() -> None:
    """Write the code cells without their outputs, or where the JSON is broken."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    try:
        notebook = json.loads(sys.stdin.buffer.read())
    except json.JSONDecodeError as error:
        sys.stdout.write(json.dumps([error.msg, error.pos]))
        sys.exit(DAMAGED)
    cells = [_without_outputs(cell) for cell in _cells(notebook)]
    sys.stdout.write(json.dumps({"cells": cells}))


def _cells(notebook: Any) -> list[Any]:
    sheets = notebook.get("worksheets") or []
    return notebook.get("cells") or [cell for sheet in sheets for cell in sheet.get("cells", [])]


def _without_outputs(cell: Any) -> Any:
    return {name: value for name, value in dict(cell).items() if name != "outputs"}


if __name__ == "__main__":
    main()

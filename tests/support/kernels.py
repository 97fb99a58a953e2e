"""A real Jupyter kernel: what a notebook's visible checks say where a student runs them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.manager import KernelManager

_SECONDS = 240  # for one cell
_PASSED = "✓ {exercise}: visible checks passed"


def passing(notebook: nbformat.NotebookNode, folder: Path, exercises: Iterable[str]) -> set[str]:
    """Run all cells in a kernel of their own; which exercises' visible checks pass.

    A cell that fails is left behind, as by somebody who goes on.
    """
    text = _printed([cell.source for cell in notebook.cells if cell.cell_type == "code"], folder)
    return {exercise for exercise in exercises if _PASSED.format(exercise=exercise) in text}


def _printed(sources: Iterable[str], folder: Path) -> str:
    printed: list[str] = []

    def keep(message: dict[str, Any]) -> None:
        printed.append(str(message["content"].get("text", "")))

    manager = KernelManager(transport="ipc", ip=str(folder / ".kernel"))
    manager.start_kernel(cwd=str(folder))
    client = manager.blocking_client()
    try:
        client.start_channels()
        client.wait_for_ready(timeout=_SECONDS)
        for source in sources:
            client.execute_interactive(
                source, timeout=_SECONDS, output_hook=keep, allow_stdin=False, stop_on_error=False
            )
        return "".join(printed)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)

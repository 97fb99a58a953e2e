"""What figures show before anything is run: kept in the course, and put into release notebooks.

A figure is drawn once, by a kernel and a browser (see scripts/figures.py), and kept by the digest
of its code and of all code that it can build upon. So a build needs neither of the two, and is
byte-identical on every machine; a figure whose code has changed has no output until it is redrawn.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

INTERACTIVE = "application/vnd.plotly.v1+json"
_BUILDS_UPON = {"setup", "figure"}  # tags of the cells that a figure's code may need


def digests(cells: Sequence[Any]) -> dict[int, str]:
    """The digest of each figure, by the place of its cell in the notebook."""
    code = hashlib.sha256()
    found = {}
    for place, cell in enumerate(cells):
        tags = set(cell.metadata.get("tags", ()))
        if tags & _BUILDS_UPON:
            code.update(cell.source.encode() + b"\0")
        if "figure" in tags:
            found[place] = code.hexdigest()[:16]
    return found


def add_outputs(cells: Sequence[Any], folder: Path) -> None:
    """Give each figure that was drawn its output: interactive, with a picture beside it.

    Text shows the picture of figure number N, from 1, by ``![words](attachment:figure-N.png)``.
    """
    import nbformat

    pictures = {}
    for number, (place, digest) in enumerate(digests(cells).items(), 1):
        path = folder / f"{digest}.json"
        if path.is_file():
            data = json.loads(path.read_text(encoding="utf-8"))
            output = {"output_type": "display_data", "metadata": {}, "data": data}
            cells[place].outputs = [nbformat.from_dict(output)]  # type: ignore[no-untyped-call]
            pictures[f"figure-{number}.png"] = {"image/png": data["image/png"]}
    for cell in cells:
        named = re.findall(r"\(attachment:([\w.-]+)\)", cell.source)
        if shown := {name: pictures[name] for name in named if name in pictures}:
            cell.attachments = shown

"""What students submit, as bytes: notebooks of a1_layers, and everything else that comes in."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

from autograder.course.layout import Course

ROOT = Path(__file__).parents[2]
COURSE = Course(ROOT)
A1 = "a1_layers"


def answered(text: str = "") -> bytes:
    """A notebook with one answer; other texts make other notebooks."""
    source = f"# {text}\ndef linear(x, weight, bias):\n    return x @ weight.T + bias\n"
    marks = {"nbgrader": {"grade_id": "linear", "solution": True, "schema_version": 3}}
    cell = {"cell_type": "code", "metadata": marks, "outputs": [], "execution_count": None}
    book = {"cells": [{**cell, "source": source}], "metadata": {}, "nbformat": 4}
    return json.dumps({**book, "nbformat_minor": 5}).encode()


def untouched() -> bytes:
    """The notebook as it was released."""
    return COURSE.release(A1).read_bytes()


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip file of these files; a name that ends in a slash is an empty folder."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def hand_in(folder: Path, files: Mapping[str, bytes | None]) -> Path:
    """Write files below a folder, each a second newer than the one before; None: an empty folder"""
    folder.mkdir(parents=True, exist_ok=True)
    for second, (name, content) in enumerate(files.items()):
        path = folder / name
        if content is None:
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (1_000_000 + second, 1_000_000 + second))
    return folder

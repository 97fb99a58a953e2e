"""Notebooks that lie deeper in other JSON: as GitHub, GitLab and their web pages send a file.

What lies at the surface, or is a text, strip_outputs.py finds, in large files too.
"""

from __future__ import annotations

import base64
import binascii
import itertools
from collections.abc import Iterator
from typing import Any

from autograder.submissions import strip_outputs

_MAX_DEPTH = 8
_MAX_VALUES = 10_000
_TEXTS = ("content", "text", "body")  # under which a file's text stands
_LINES = "rawLines"


def inside(value: Any) -> Any:
    """The one notebook that lies somewhere in a value, as an object or as text; else None."""
    parts = itertools.islice(_parts(value, _MAX_DEPTH), _MAX_VALUES)
    found = (notebook for notebook in map(_notebook, parts) if notebook is not None)
    first = next(found, None)
    # one that differs is enough: all with all would take time in proportion to the file's square
    return first if all(notebook == first for notebook in found) else None


def _parts(value: Any, depth: int) -> Iterator[dict[str, Any]]:
    """The objects in a value, itself included; notebooks are not searched."""
    if isinstance(value, dict):
        yield value
    if depth and isinstance(value, (dict, list)) and not strip_outputs.is_notebook(value):
        for part in value.values() if isinstance(value, dict) else value:
            if isinstance(part, (dict, list)):
                yield from _parts(part, depth - 1)


def _notebook(part: dict[str, Any]) -> Any:
    if strip_outputs.is_notebook(part):
        return part
    texts = [_decoded(part, name) for name in _TEXTS if isinstance(part.get(name), str)]
    if isinstance(lines := part.get(_LINES), list):
        texts.append("\n".join(line for line in lines if isinstance(line, str)))
    return next((text for text in texts if _is_notebook(text)), None)


def _decoded(part: dict[str, Any], name: str) -> str:
    """A text, out of base64 where it is said to be in that."""
    text = str(part[name])
    if "base64" not in (part.get("encoding"), part.get("format")):
        return text
    try:
        return base64.b64decode(text).decode("utf-8-sig")
    except (binascii.Error, ValueError):
        return ""


def _is_notebook(text: str) -> bool:
    return text.lstrip()[:1] == "{" and ('"cells"' in text or '"worksheets"' in text)

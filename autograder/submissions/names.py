"""File names for handles that students may have written: one flat, safe, reversible name each."""

from __future__ import annotations

import hashlib
import re

LONGEST = 100
_UNSAFE = re.compile(
    r"(?i:^(?=(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)).)"  # Windows keeps these for devices
    r"|[^A-Za-z0-9_@+.-]"
    r"|(?<![A-Za-z0-9])[.-]|[.-](?![A-Za-z0-9])"  # a dot or hyphen stays only inside a word
)


def file_stem(handle: str) -> str:
    """Turn any text into a file name without its ending; different texts give different names.

    Plain handles stay as they are. Every other character becomes ``~`` and its bytes in hex; a name
    that is empty or too long keeps its start and ends in ``~~`` and a digest.
    """
    stem = _UNSAFE.sub(lambda match: _escaped(match[0]), handle)
    if 0 < len(stem) <= LONGEST:
        return stem
    digest = hashlib.sha256(handle.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return f"{stem[: LONGEST - 34].rstrip('.-')}~~{digest}"


def _escaped(character: str) -> str:
    return "".join(f"~{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))

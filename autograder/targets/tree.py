"""A Tree is what a build makes: paths and bytes. Writing, checking and zipping share it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

Tree = Mapping[str, bytes]  # path relative to the course -> content


def write(tree: Tree, root: Path) -> list[str]:
    """Write what differs from the disk; return the paths that were written."""
    changed = stale(tree, root)
    for path in changed:
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(tree[path])
    return changed


def stale(tree: Tree, root: Path) -> list[str]:
    """Paths whose content on disk is missing or not what the source gives today."""
    return [p for p, content in sorted(tree.items()) if _content(root / p) != content]


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def zipped(tree: Tree) -> bytes:
    """The tree as a zip whose bytes depend on its content only."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in sorted(tree.items()):
            info = zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (0o100755 if content.startswith(b"#!") else 0o100644) << 16
            archive.writestr(info, content)
    return buffer.getvalue()

"""What can be given away: the release notebooks, and all that a student needs to start.

Only release notebooks and the engine's own public files go in: no file that holds a hidden check,
a known mistake or a solution is even read here.
"""

from __future__ import annotations

import ast
import importlib.metadata
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from autograder.targets.tree import Tree, zipped

FOLDER = "dist/students"
_START = Path(__file__).parent / "templates" / "START.md"
_WATCH = Path(__file__).parents[1] / "notebook" / "watch_alone.py"
_MAGIC = re.compile(r"^ *[%!].*$", re.MULTILINE)


def students(title: str, notebooks: Mapping[str, bytes]) -> Tree:
    """Return dist/students/ and its zip; ``notebooks`` are the release's, by assignment."""
    start = _START.read_text(encoding="utf-8")
    words = {
        "<title>": title,
        "<notebooks>": "\n".join(f"* `{name}.ipynb`" for name in notebooks),
        "<first>": f"{next(iter(notebooks), 'NOTEBOOK')}.ipynb",
    }
    for mark, word in words.items():
        start = start.replace(mark, word)
    files = {
        **{f"{name}.ipynb": content for name, content in notebooks.items()},
        "START.md": start.encode(),
        "requirements.txt": "".join(f"{name}\n" for name in _needed(notebooks)).encode(),
        "watch.py": _WATCH.read_bytes(),
    }
    kit = {f"{FOLDER}/{name}": content for name, content in files.items()}
    return {**kit, f"{FOLDER}.zip": zipped(files)}


def _needed(notebooks: Mapping[str, bytes]) -> list[str]:
    """What pip must install for the notebooks: JupyterLab, and what they import."""
    imported = {module for content in notebooks.values() for module in _imported(content)}
    known = importlib.metadata.packages_distributions()
    found = {known.get(module, [module])[0] for module in imported - sys.stdlib_module_names}
    return sorted({*found, "jupyterlab"} - {module for module in found if module.startswith("_")})


def _imported(content: bytes) -> Iterator[str]:
    for cell in json.loads(content)["cells"]:
        if cell["cell_type"] == "code":
            yield from _imports("".join(cell["source"]))


def _imports(text: str) -> Iterator[str]:
    try:
        tree = ast.parse(_MAGIC.sub("", text))
    except SyntaxError:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]

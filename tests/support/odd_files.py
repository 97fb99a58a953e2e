"""One notebook in the odd files in which students submit it; each holds the same code."""

from __future__ import annotations

import copy
import gzip
import json
from collections.abc import Callable, Iterator
from typing import Any

import nbformat
from nbconvert import HTMLExporter

from tests.support.forms import FORMS, Cell

Notebook = dict[str, Any]


def _of_version_3(notebook: Notebook) -> bytes:
    cells = [{**cell, "input": cell["source"]} for cell in notebook["cells"]]
    for cell in cells:
        del cell["source"]
    return json.dumps({"worksheets": [{"cells": cells}], "nbformat": 3}).encode()


def _packed(notebook: Notebook) -> bytes:
    return gzip.compress(json.dumps(notebook).encode())


def _by_a_server(notebook: Notebook) -> bytes:
    return json.dumps({"name": "a.ipynb", "type": "notebook", "content": notebook}).encode()


def _page(notebook: Notebook) -> bytes:
    node = nbformat.reads(json.dumps(notebook), as_version=4)
    return str(HTMLExporter(template_name="lab").from_notebook_node(node)[0]).encode()


def _retyped(notebook: Notebook) -> bytes:
    """Each answer's cell became a text cell by a key press."""
    changed = copy.deepcopy(notebook)
    for number, cell in enumerate(changed["cells"]):
        if cell["metadata"].get("nbgrader", {}).get("solution"):
            cell["cell_type"] = ("markdown", "raw")[number % 2]
    return json.dumps(changed).encode()


def _by_colab(notebook: Notebook) -> bytes:
    return FORMS["colab"]([Cell(source) for source in _code(notebook)])[1]


def _by_nbconvert(notebook: Notebook) -> bytes:
    return FORMS["nbconvert"]([Cell(source) for source in _code(notebook)])[1]


def _by_marimo(notebook: Notebook) -> bytes:
    bodies = ("\n".join(f"    {line}" if line else "" for line in cell.split("\n"))
              for cell in _code(notebook))  # fmt: skip
    parts = [f"@app.cell\ndef _(F, nn):\n{body}\n    return\n\n\n" for body in bodies]
    head = 'import marimo\n\n__generated_with = "0.25.2"\napp = marimo.App()\n\n\n'
    return f'{head}{"".join(parts)}if __name__ == "__main__":\n    app.run()\n'.encode()


def _code(notebook: Notebook) -> Iterator[str]:
    cells = (cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    return ("".join(cell["source"]) for cell in cells)


# By the student who submits it: how the file's name ends, and what is in it.
ODD: dict[str, tuple[str, Callable[[Notebook], bytes]]] = {
    "odd-version-3": (".ipynb", _of_version_3),
    "odd-packed": (".ipynb.gz", _packed),
    "odd-server": (".json", _by_a_server),
    "odd-page": (".html", _page),
    "odd-retyped": (".ipynb", _retyped),
    "odd-colab": (".py", _by_colab),
    "odd-nbconvert": (".py", _by_nbconvert),
    "odd-marimo": (".py", _by_marimo),
}

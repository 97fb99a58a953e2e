"""The forms in which students submit their cells: notebooks of all ages, scripts, broken files."""

from __future__ import annotations

import io
import json
import re
import stat
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_CELL = re.compile(r"^# %%(.*)$", re.MULTILINE)
_GRADE_ID = re.compile(r'"grade_id": "([\w-]+)"')


@dataclass(frozen=True)
class Cell:
    """One code cell, and the id that nbgrader gave it."""

    source: str
    grade_id: str | None = None


def percent_cells(text: str) -> list[Cell]:
    """The cells of a percent file, without what stands above the first."""
    marks = list(_CELL.finditer(text))
    ends = [*(mark.start() for mark in marks), len(text)][1:]
    return [
        Cell(text[mark.end() : end].strip("\n"), found[1] if found else None)
        for mark, end in zip(marks, ends, strict=True)
        for found in [_GRADE_ID.search(mark[1])]
    ]


def notebook(cells: list[Cell]) -> dict[str, Any]:
    """The cells as nbformat 4."""
    return {"cells": [_cell(cell) for cell in cells], "metadata": {}, "nbformat": 4,
            "nbformat_minor": 5}  # fmt: skip


def _cell(cell: Cell) -> dict[str, Any]:
    marks = {"grade_id": cell.grade_id, "solution": True, "schema_version": 3}
    metadata = {"nbgrader": marks} if cell.grade_id else {}
    return {"cell_type": "code", "metadata": metadata, "execution_count": None, "outputs": [],
            "source": cell.source.splitlines(keepends=True)}  # fmt: skip


def _text(data: dict[str, Any]) -> str:
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def _saved(cells: list[Cell]) -> bytes:
    return _encoded(notebook(cells))


def _encoded(data: dict[str, Any]) -> bytes:
    return _text(data).encode("utf-8", "surrogatepass")


def _without_ids(data: dict[str, Any]) -> bytes:
    """Cells whose metadata a tool on the way has thrown away."""
    return _encoded({**data, "cells": [{**cell, "metadata": {}} for cell in data["cells"]]})


def _without_checks(data: dict[str, Any]) -> bytes:
    return _encoded({**data, "cells": [cell for cell in data["cells"] if not _is_check(cell)]})


def _is_check(cell: dict[str, Any]) -> bool:
    graded = cell["metadata"].get("nbgrader", {}).get("grade", False)
    return graded or "".join(cell["source"]).startswith("grader.check(")


def _with_outputs(cells: list[Cell], size: int) -> bytes:
    data = notebook(cells)
    image = {"output_type": "display_data", "data": {"image/png": "iVBOR" * (size // 5)}}
    data["cells"][0]["outputs"] = [image]
    return _text(data).encode()


def _with_attachments(cells: list[Cell], size: int) -> bytes:
    """Pictures that were pasted into text."""
    data, picture = notebook(cells), {"image/png": "iVBOR" * (size // 5)}
    text = {"cell_type": "markdown", "metadata": {}, "source": "![](attachment:a.png)"}
    data["cells"].insert(0, {**text, "attachments": {"a.png": picture}})
    return _encoded(data)


def _version_3(data: dict[str, Any]) -> bytes:
    old = [_of_version_3(cell) for cell in data["cells"]]
    return _text({"worksheets": [{"cells": old}], "metadata": {}, "nbformat": 3}).encode()


def _of_version_3(cell: dict[str, Any]) -> dict[str, Any]:
    if cell["cell_type"] != "code":
        return cell
    rest = {key: value for key, value in cell.items() if key != "source"}
    return {**rest, "input": cell["source"], "language": "python"}


def _without_version(cells: list[Cell]) -> bytes:
    data = notebook(cells)
    return _text({"cells": data["cells"]}).encode()


def _version_5(cells: list[Cell]) -> bytes:
    return _text({**notebook(cells), "nbformat": 5, "novelty": {"a": [1]}}).encode()


def _generous(data: dict[str, Any]) -> bytes:
    """Every answer claims a thousand points and a wide tolerance, the file another's name."""
    cells = [{**cell, "metadata": _wishful(cell["metadata"])} for cell in data["cells"]]
    claims = {**data["metadata"], "student": "somebody else"}
    return _encoded({**data, "cells": cells, "metadata": claims})


def _wishful(metadata: dict[str, Any]) -> dict[str, Any]:
    wish = {"points": 1000, "grade": True, "tolerance": 1e9}
    marks = metadata.get("nbgrader")
    return {"nbgrader": marks | wish} if marks else metadata


def _with_markup(cells: list[Cell]) -> bytes:
    script = "<script>alert(1)</script>"
    claims = {"title": script, "kernelspec": {"name": script, "display_name": script}}
    return _encoded({**notebook(cells), "metadata": claims})


def script(cells: list[Cell]) -> bytes:
    """The cells as a percent file."""
    marks = [f' nbgrader={{"grade_id": "{c.grade_id}"}}' if c.grade_id else "" for c in cells]
    parts = [f"# %%{mark}\n{c.source}\n" for mark, c in zip(marks, cells, strict=True)]
    return "\n".join(parts).encode()


def _plain_script(cells: list[Cell]) -> bytes:
    return "\n\n".join(cell.source for cell in cells).encode()


def _by_nbconvert(cells: list[Cell]) -> bytes:
    """The cells as nbconvert writes a script: between their marks nothing but code and comments."""
    parts = [f"# In[ ]:\n\n\n{cell.source}\n\n\n# ## What comes next\n" for cell in cells]
    return "\n\n".join(["#!/usr/bin/env python\n# coding: utf-8", *parts]).encode()


def _by_colab(cells: list[Cell]) -> bytes:
    """The cells as Colab writes a script: without marks, and text cells as texts."""
    said = '"""a1_layers.ipynb\n\nAutomatically generated by Colab.\n"""'
    parts = [f'{cell.source}\n\n"""## What comes next"""' for cell in cells]
    return "\n\n".join(["# -*- coding: utf-8 -*-", said, "!pip install torch", *parts]).encode()


def _markdown(cells: list[Cell]) -> bytes:
    parts = [f"## An exercise\n\n```python\n{cell.source}\n```\n" for cell in cells]
    return "\n".join(parts).encode()


def _encoded_twice(cells: list[Cell]) -> bytes:
    return json.dumps(_text(notebook(cells))).encode()


def _wrapped(cells: list[Cell]) -> bytes:
    """The notebook as Jupyter's server sends it."""
    return _text({"name": "a.ipynb", "type": "notebook", "content": notebook(cells)}).encode()


def _in_conflict(cells: list[Cell]) -> bytes:
    conflict = b'\n<<<<<<< HEAD\n "a": 1,\n=======\n "a": 2,\n>>>>>>> main\n'
    return _saved(cells).replace(b"\n", conflict, 1)


def _in_r() -> bytes:
    kernel = {"kernelspec": {"name": "ir", "language": "R"}}
    return _encoded({**notebook([Cell("f <- function(x) x")]), "metadata": kernel})


def zipped(members: dict[str, bytes]) -> bytes:
    """A zip file with these members."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return held.getvalue()


def _zip_of_a_link(name: str, members: dict[str, bytes]) -> bytes:
    held, link = io.BytesIO(zipped(members)), zipfile.ZipInfo(name)
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(held, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    return held.getvalue()


def _zip_of_a_folder(cells: list[Cell]) -> bytes:
    """A notebook beside its data, another one, and what tools and systems have left there."""
    beside = {"me/data.zip": zipped({"a.csv": b"1,2"}), "me/a0_start.ipynb": _saved([_FOREIGN]),
              "me/.ipynb_checkpoints/a1_layers-checkpoint.ipynb": b"{}", "venv/a1_layers.py": b"1",
              "__MACOSX/me/._a1_layers.ipynb": b"\0\5\26\7"}  # fmt: skip
    return _zip_of_a_link("me/data", {**beside, "me/a1_layers (1).ipynb": _saved(cells)})


def _odd_worksheets(cells: list[Cell]) -> bytes:
    return _text({"worksheets": [{"cells": 5}, 5], "metadata": {}, "nbformat": 3}).encode()


def _with_half_a_letter(cells: list[Cell]) -> bytes:
    return _saved(cells).replace(b"# HALF", rb"# \ud83d")


def _with_embedded_files(cells: list[Cell]) -> bytes:
    """Pictures that a converter would fetch from the machine that it runs on."""
    text = "![](/etc/passwd) ![](../../../../etc/passwd) ![](attachment:/etc/passwd)"
    data = notebook(cells)
    pages = {"text/markdown": text, "text/html": '<img src="file:///etc/passwd">'}
    data["cells"][0]["outputs"] = [{"output_type": "display_data", "data": pages, "metadata": {}}]
    data["cells"].append({"cell_type": "markdown", "metadata": {}, "source": text})
    return _encoded(data)


def _deep(cells: list[Cell]) -> bytes:
    return b'{"cells": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"


def _many_lists(cells: list[Cell]) -> bytes:
    return b'{"cells": [' + b"[]," * 4_000_000 + b"[]]}"


def _long_number(cells: list[Cell]) -> bytes:
    return b'{"nbformat": ' + b"9" * 1_000_000 + b', "cells": []}'


def _many_cells(cells: list[Cell]) -> bytes:
    cell = b'{"cell_type": "code", "metadata": {}, "source": ["x = 1"]},'
    return b'{"cells": [' + cell * 100_000 + cell[:-1] + b"]}"


def _of_windows(cells: list[Cell]) -> bytes:
    return _saved(cells).replace(b"\n", b"\r\n").replace(b"\\n", b"\\r\\n")


# forms that any notebook can take, also one with more in it than the cells of a case
NOTEBOOKS: dict[str, Callable[[dict[str, Any]], bytes]] = {
    "notebook": _encoded,
    "bom": lambda data: b"\xef\xbb\xbf" + _encoded(data),
    "no ids": _without_ids,
    "without checks": _without_checks,
    "generous metadata": _generous,
    "utf16": lambda data: _text(data).encode("utf-16"),
    "version 3": _version_3,
}


def _as_notebook(form: str) -> Callable[[list[Cell]], tuple[str, bytes]]:
    return lambda cells: (".ipynb", NOTEBOOKS[form](notebook(cells)))


_TWO = ("a.ipynb", "b.ipynb")
_FOREIGN = Cell("def train(x):\n    return x", "train")
FORMS: dict[str, Callable[[list[Cell]], tuple[str, bytes]]] = {
    **{form: _as_notebook(form) for form in NOTEBOOKS},
    "markup in metadata": lambda cells: (".ipynb", _with_markup(cells)),
    "embedded files": lambda cells: (".ipynb", _with_embedded_files(cells)),
    "half a letter": lambda cells: (".ipynb", _with_half_a_letter(cells)),
    "crlf": lambda cells: (".ipynb", _of_windows(cells)),
    "latin1": lambda cells: (".ipynb", _text(notebook(cells)).encode("latin-1", "replace")),
    "truncated": lambda cells: (".ipynb", _saved(cells)[:-400]),
    "damaged": lambda cells: (".ipynb", _saved(cells).replace(b'"cell_type"', b"cell_type", 1)),
    "empty": lambda cells: (".ipynb", b""),
    "a list": lambda cells: (".ipynb", b"[1, 2, 3]"),
    "odd worksheets": lambda cells: (".ipynb", _odd_worksheets(cells)),
    "version 5": lambda cells: (".ipynb", _version_5(cells)),
    "no version": lambda cells: (".ipynb", _without_version(cells)),
    "shuffled": lambda cells: (".ipynb", _saved(cells[::-1])),
    "10 MB of attachments": lambda cells: (".ipynb", _with_attachments(cells, 10 << 20)),
    "20 MB of outputs": lambda cells: (".ipynb", _with_outputs(cells, 20 << 20)),
    "110 MB of outputs": lambda cells: (".ipynb", _with_outputs(cells, 110 << 20)),
    "other course": lambda cells: (".ipynb", _saved([_FOREIGN])),
    "script": lambda cells: (".py", script(cells)),
    "nbconvert": lambda cells: (".py", _by_nbconvert(cells)),
    "colab": lambda cells: (".py", _by_colab(cells)),
    "markdown": lambda cells: (".md", _markdown(cells)),
    "named as text": lambda cells: (".txt", _saved(cells)),
    "without an ending": lambda cells: ("", _saved(cells)),
    "unmarked utf16": lambda cells: (".json", _text(notebook(cells)).encode("utf-16-le")),
    "encoded twice": lambda cells: (".ipynb", _encoded_twice(cells)),
    "wrapped": lambda cells: (".ipynb", _wrapped(cells)),
    "conflict": lambda cells: (".ipynb", _in_conflict(cells)),
    "lfs pointer": lambda cells: (".ipynb", b"version https://git-lfs.github.com/spec/v1\n"),
    "github page": lambda cells: (".ipynb", b'<!DOCTYPE html><meta content="GitHub">'),
    "zero bytes": lambda cells: (".ipynb", bytes(5_000)),
    "no code": lambda cells: (".ipynb", _saved([Cell("")])),
    "in r": lambda cells: (".ipynb", _in_r()),
    "plain script": lambda cells: (".py", _plain_script(cells)),
    "capital suffix": lambda cells: (".IPYNB", _saved(cells)),
    "html": lambda cells: (".html", b"<html><body>my notebook</body></html>"),
    "pdf": lambda cells: (".pdf", b"%PDF-1.7\n%..."),
    "pdf named ipynb": lambda cells: (".ipynb", b"%PDF-1.7\n%..."),
    "zip": lambda cells: (".zip", zipped({"me/a1_layers.ipynb": _saved(cells)})),
    "zip of two": lambda cells: (".zip", zipped(dict.fromkeys(_TWO, _saved(cells)))),
    "zip of nothing": lambda cells: (".zip", zipped({"notes.txt": b"sorry"})),
    "zip of zips": lambda cells: (".zip", zipped({"a1.zip": zipped({"a.ipynb": _saved(cells)})})),
    "zip slip": lambda cells: (".zip", zipped({"../../a1_layers.ipynb": _saved(cells)})),
    "zip of a link": lambda cells: (".zip", _zip_of_a_link("a1_layers.ipynb", {})),
    "zip of a folder": lambda cells: (".zip", _zip_of_a_folder(cells)),
    "zip of two others": lambda cells: (
        ".zip", zipped({"a.ipynb": _saved(cells), "b.ipynb": _saved([*cells, _FOREIGN])})
    ),
    "tar": lambda cells: (".tgz", b"\x1f\x8b\x08 and so on"),
    "zip bomb": lambda cells: (".zip", zipped({"a.ipynb": b" " * (300 << 20)})),
    "deep json": lambda cells: (".ipynb", _deep(cells)),
    "10 MB of code": lambda cells: (".ipynb", _saved([*cells, Cell("#" * (10 << 20))])),
    "many lists": lambda cells: (".ipynb", _many_lists(cells)),
    "long number": lambda cells: (".ipynb", _long_number(cells)),
    "many cells": lambda cells: (".ipynb", _many_cells(cells)),
    "not a zip": lambda cells: (".zip", b"PK\x03\x04 and then nothing of the kind"),
}  # fmt: skip

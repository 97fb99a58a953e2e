"""What a file is: told by its content, whatever it is called, and said in plain words."""

from __future__ import annotations

import bz2
import gzip
import importlib.util
import io
import json
import lzma
import pickle
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

import numpy
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save

from autograder.submissions import cells, formats
from autograder.submissions.formats import Kind, recognise, recognise_file
from tests.support import forms

CELLS = [forms.Cell("def half(x):\n    return x / 2", "half")]
NOTEBOOK = json.dumps(forms.notebook(CELLS), indent=1)
LISTED = "a list\n\n```python\nx = 1\n```\n"
SCRIPT = "import torch\n\ndef half(x):\n    return x / 2\n"


def torch_saved(legacy: bool) -> bytes:
    """A tensor as torch saves it, in a zip file or as it was before."""
    held = io.BytesIO()
    torch.save({"weight": torch.ones(2)}, held, _use_new_zipfile_serialization=not legacy)
    return held.getvalue()


def numpy_saved() -> bytes:
    """Arrays as numpy saves them, in a zip file."""
    held = io.BytesIO()
    numpy.savez(held, a=numpy.ones(2))
    return held.getvalue()


def tar() -> bytes:
    """A notebook in a tar archive."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.ipynb"), io.BytesIO())
    return held.getvalue()


def page(head: str = "", body: str = "") -> bytes:
    """A web page."""
    return f"<!DOCTYPE html>\n<html><head>{head}</head><body>{body}</body></html>".encode()


def database() -> bytes:
    """A database with one table."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("create table a (b)")
        return connection.serialize()


PLIST = b'<?xml version="1.0"?>\n<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "x">\n<plist>'
FILES: dict[str, tuple[bytes, str, Kind]] = {
    "notebook": (NOTEBOOK.encode(), "a.ipynb", Kind.NOTEBOOK),
    "notebook as text": (NOTEBOOK.encode(), "a.ipynb.txt", Kind.NOTEBOOK),
    "notebook as JSON": (NOTEBOOK.encode(), "a.json", Kind.NOTEBOOK),
    "notebook without an ending": (NOTEBOOK.encode(), "a", Kind.NOTEBOOK),
    "notebook named .py": (NOTEBOOK.encode(), "a.py", Kind.NOTEBOOK),
    "notebook named .zip": (NOTEBOOK.encode(), "a.zip", Kind.NOTEBOOK),
    "notebook after a mark": (NOTEBOOK.encode("utf-8-sig"), "a", Kind.NOTEBOOK),
    "notebook in UTF-16": (NOTEBOOK.encode("utf-16"), "a", Kind.NOTEBOOK),
    "notebook in unmarked UTF-16": (NOTEBOOK.encode("utf-16-le"), "a", Kind.NOTEBOOK),
    "notebook in the other UTF-16": (NOTEBOOK.encode("utf-16-be"), "a", Kind.NOTEBOOK),
    "notebook after white space": (b"\n \r\n" + NOTEBOOK.encode(), "a", Kind.NOTEBOOK),
    "notebook after much white space": (b" " * 300_001 + NOTEBOOK.encode(), "a", Kind.NOTEBOOK),
    "notebook of Colab": (b'{"nbformat": 4, "metadata": {}, "cells": []}', "a", Kind.NOTEBOOK),
    "notebook of version 3": (b'{"worksheets": []}', "a", Kind.NOTEBOOK),
    "notebook as text in JSON": (json.dumps(NOTEBOOK).encode(), "a", Kind.NOTEBOOK),
    "notebook in an object": (b'{"content": ' + NOTEBOOK.encode() + b"}", "a", Kind.NOTEBOOK),
    "notebook in conflict": (b'<<<<<<< HEAD\n{"cells": []}\n', "a", Kind.NOTEBOOK),
    "notebook that is cut off": (b'{\n "ce', "a.ipynb", Kind.JSON),
    "notebook that is damaged": (b"{cells: [1]}", "a.ipynb", Kind.JSON),
    "object": (b'{"loss": [1, 2]}', "log.txt", Kind.JSON),
    "list": (b"[1, 2]", "a.ipynb", Kind.JSON),
    "number": (b"42", "a.ipynb", Kind.JSON),
    "text in JSON": (b'"hello"', "a.ipynb", Kind.JSON),
    "empty": (b"", "a.ipynb", Kind.EMPTY),
    "white space": (b" \n\t\r\n", "a.ipynb", Kind.EMPTY),
    "mark alone": (b"\xef\xbb\xbf\n", "a.ipynb", Kind.EMPTY),
    "zero bytes": (bytes(5000), "a.ipynb", Kind.ZEROS),
    "script": (SCRIPT.encode(), "a.py", Kind.SCRIPT),
    "script named .ipynb": (SCRIPT.encode(), "a.ipynb", Kind.SCRIPT),
    "script in UTF-16": (SCRIPT.encode("utf-16"), "a.txt", Kind.SCRIPT),
    "script with marks": (b"# %%\nx = 1\n", "a", Kind.SCRIPT),
    "script of comments": (b"# nothing here\n", "a.py", Kind.SCRIPT),
    "script after a text": (b'"""My answers."""\n' + SCRIPT.encode(), "a", Kind.SCRIPT),
    "script with an example": (f'{SCRIPT}"""\n{LISTED}"""'.encode(), "a", Kind.SCRIPT),
    "Markdown": (LISTED.encode(), "a", Kind.MARKDOWN),
    "Quarto": (b"# Title\n\n```{python}\nx = 1\n```", "a.qmd", Kind.MARKDOWN),
    "MyST": (b"# Title\n\n```{code-cell} ipython3\nx = 1\n```", "a.txt", Kind.MARKDOWN),
    "Markdown without code": (b"# Title\n", "a.md", Kind.MARKDOWN),
    "zip": (forms.zipped({"a.ipynb": NOTEBOOK.encode()}), "a.ipynb", Kind.ZIP),
    "zip with weights": (forms.zipped({"a.ipynb": b"", "m/data.pkl": b""}), "a", Kind.ZIP),
    "empty zip": (forms.zipped({}), "a.zip", Kind.ZIP),
    "Word": (forms.zipped({"word/document.xml": b""}), "a.ipynb", Kind.WORD),
    "Excel": (forms.zipped({"xl/workbook.xml": b""}), "a.zip", Kind.EXCEL),
    "PowerPoint": (forms.zipped({"ppt/presentation.xml": b""}), "a", Kind.POWERPOINT),
    "LibreOffice": (
        forms.zipped({"mimetype": b"", "META-INF/manifest.xml": b""}), "a", Kind.OPEN_DOCUMENT,
    ),
    "Pages": (forms.zipped({"Index/Document.iwa": b""}), "a", Kind.PAGES),
    "Word of old": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a.doc", Kind.OLD_OFFICE),
    "rich text": (rb"{\rtf1\ansi hello}", "a", Kind.RICH_TEXT),
    "LaTeX": (rb"\documentclass{article}", "a", Kind.LATEX),
    "table": (b"a,b\n1,2\n", "a.csv", Kind.TABLE),
    "PDF": (b"%PDF-1.7\n", "a.ipynb", Kind.PDF),
    "PNG": (b"\x89PNG\r\n\x1a\n", "a.ipynb", Kind.PNG),
    "JPEG": (b"\xff\xd8\xff\xe0", "a", Kind.JPEG),
    "HEIC": (b"\0\0\0\x18ftypheic", "a", Kind.HEIC),
    "GIF": (b"GIF89a", "a", Kind.GIF),
    "WebP": (b"RIFF\1\2\3\4WEBP", "a", Kind.WEBP),
    "TIFF": (b"II*\0", "a", Kind.TIFF),
    "BMP": (b"BM\1\2\3\4\0\0\0\0", "a", Kind.BMP),
    "SVG": (b'<?xml version="1.0"?>\n<svg>', "a", Kind.SVG),
    "video": (b"\0\0\0\x18ftypmp42", "a", Kind.VIDEO),
    "RAR": (b"Rar!\x1a\x07\x01\0", "a.zip", Kind.RAR),
    "7z": (b"7z\xbc\xaf\x27\x1c", "a.zip", Kind.SEVEN_ZIP),
    "gzip": (gzip.compress(b"x"), "a.ipynb", Kind.GZIP),
    "bzip2": (bz2.compress(b"x"), "a", Kind.BZIP2),
    "xz": (lzma.compress(b"x"), "a", Kind.XZ),
    "zstd": (b"\x28\xb5\x2f\xfd", "a", Kind.ZSTD),
    "tar": (tar(), "a.zip", Kind.TAR),
    "model": (torch_saved(legacy=False), "model.pt", Kind.CHECKPOINT),
    "model of old": (torch_saved(legacy=True), "a.ipynb", Kind.CHECKPOINT),
    "pickle": (pickle.dumps([1]), "a.ipynb", Kind.PICKLE),
    "safetensors": (save({"a": torch.ones(2)}), "a", Kind.SAFETENSORS),
    "HDF5": (b"\x89HDF\r\n\x1a\n", "a.h5", Kind.HDF5),
    "arrays": (numpy_saved(), "a", Kind.NUMPY),
    "array": (b"\x93NUMPY\1\0", "a", Kind.NUMPY),
    "Parquet": (b"PAR1", "a", Kind.PARQUET),
    "SQLite": (database(), "a.ipynb", Kind.SQLITE),
    "ELF": (b"\x7fELF\2", "a.py", Kind.PROGRAM),
    "PE": (b"MZ\x90\0\3", "a.py", Kind.PROGRAM),
    "byte code": (importlib.util.MAGIC_NUMBER + bytes(12) + b"\xe3", "a.py", Kind.PROGRAM),
    "page of GitHub": (page('<meta content="GitHub">', NOTEBOOK), "a.ipynb", Kind.GITHUB_PAGE),
    "page of nbconvert": (page("<style>.jp-Cell{}</style>"), "a", Kind.NOTEBOOK_PAGE),
    "log-in page": (page("<title>Sign in</title>"), "a.ipynb", Kind.LOGIN_PAGE),
    "page that asks": (page("", '<input type="password">'), "a.ipynb", Kind.LOGIN_PAGE),
    "page": (page(), "a.ipynb", Kind.WEB_PAGE),
    "piece of a page": (b"<p>Here is my work</p>", "text.html", Kind.WEB_PAGE),
    "saved page": (b"From: <x>\nContent-Type: multipart/related;", "a.mht", Kind.WEB_PAGE),
    "XML": (b'<?xml version="1.0"?><quiz>', "a", Kind.XML),
    "Git LFS": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "a.ipynb", Kind.LFS_POINTER,
    ),
    "shortcut of Windows": (b"L\0\0\0\x01\x14\x02\0", "a.ipynb.lnk", Kind.SHORTCUT),
    "link of Windows": (b"[InternetShortcut]\r\nURL=https://x", "a.url", Kind.SHORTCUT),
    "link of macOS": (PLIST, "a.webloc", Kind.SHORTCUT),
    "binary link of macOS": (b"bplist00\xd1\1\2SURL", "a.webloc", Kind.SHORTCUT),
    "alias of macOS": (b"book\0\0\0\0mark\0\0\0\0", "a.ipynb", Kind.SHORTCUT),
    "iCloud": (b"bplist00\xd1_\x10\x0bNSURLNameKey", ".a.ipynb.icloud", Kind.ICLOUD),
    "Google Drive": (b'{"doc_id": "1", "email": "a@b"}', "a.gdoc", Kind.GOOGLE_LINK),
    "Google Drive of old": (
        b'{"url": "https://docs.google.com/open?id=1"}', "a.gdoc", Kind.GOOGLE_LINK,
    ),
    "address": (b"https://colab.research.google.com/drive/1\n", "a.ipynb", Kind.LINK),
    "note of macOS": (b"\0\x05\x16\x07\0\2\0\0Mac OS X", "._a.ipynb", Kind.MACOS_NOTE),
    "R": (b"half <- function(x) {\n  x / 2\n}\n", "a.ipynb", Kind.R),
    "R by its name": (b"x = 1\n", "a.R", Kind.R),
    "Julia": (b"using LinearAlgebra\nfunction half(x)\n  x / 2\nend\n", "a", Kind.JULIA),
    "Java": (b"import java.util.List;\npublic class A {}\n", "a.ipynb", Kind.JAVA),
    "MATLAB": (b"function y = half(x)\n  y = x / 2;\nend\n", "a", Kind.MATLAB),
    "C": (b"#include <stdio.h>\nint main() {}\n", "a", Kind.C),
    "JavaScript": (b"function half(x) { return x / 2 }\n", "a", Kind.JAVASCRIPT),
    "text": (b"Dear Sir or Madam,\nhere is my work.\n", "a.ipynb", Kind.TEXT),
    "text in Latin-1": ("Schöne Grüße\n".encode("latin-1"), "a", Kind.TEXT),
    "text of emoji": (("😀 " * 400).encode(), "a", Kind.TEXT),
    "random bytes": (bytes(range(1, 256)) * 4, "a.ipynb", Kind.UNKNOWN),
}  # fmt: skip
REFUSED = [kind for kind in Kind if kind not in (*formats.CELLS, Kind.ZIP, Kind.JSON)]


@pytest.mark.parametrize(("content", "name", "kind"), FILES.values(), ids=FILES)
def test_a_file_is_told_by_its_content(
    content: bytes, name: str, kind: Kind, tmp_path: Path
) -> None:
    """The content decides, whatever the name; so does the file's beginning on disk."""
    assert recognise(content, name) is kind
    if not content.startswith(b" " * formats._BEGINNING):
        path = tmp_path / name
        path.write_bytes(content)
        assert recognise_file(path) is kind


def test_every_kind_is_shown_above() -> None:
    """No kind is there that no file is of."""
    assert {kind for _, _, kind in FILES.values()} == set(Kind)


@pytest.mark.parametrize("kind", REFUSED, ids=lambda kind: kind.name)
def test_what_cannot_be_graded_is_said_with_what_to_do(kind: Kind) -> None:
    """One or two sentences say what the file is and what to submit."""
    said = formats.refusal(kind)
    assert said.startswith((f"This is {kind}, which cannot be graded. ", "The file "))
    assert "submit" in said.lower()
    assert said.endswith(".")
    assert said.count(". ") in (1, 2)


@pytest.mark.parametrize(
    ("kind", "remedy"),
    [
        (Kind.LFS_POINTER, "run git lfs pull"),
        (Kind.GITHUB_PAGE, "choose Download raw file"),
        (Kind.TAR, "Unpack it"),
        (Kind.PDF, "the file that ends in .ipynb"),
        (Kind.ZEROS, "was not copied to its end"),
    ],
)
def test_the_remedy_is_that_of_the_kind(kind: Kind, remedy: str) -> None:
    """What to do depends on what it is."""
    assert remedy in formats.refusal(kind)


@given(st.binary(max_size=300), st.text(max_size=20))
def test_any_bytes_are_of_some_kind(content: bytes, name: str) -> None:
    """No content and no name ends in an exception."""
    for start in (b"", b"PK\x05\x06", b'{"cells":', b"<html>", b"\xff\xfe"):
        assert recognise(start + content, name) in Kind


def test_the_list_of_a_zip_file_is_not_believed() -> None:
    """A list that says to be elsewhere, longer or larger than it is does no harm."""
    packed = forms.zipped({"word/document.xml": b""})
    end = packed.rindex(b"PK\x05\x06")
    for number in (0, 1, 45, 46, end, 1 << 30, 0xFFFFFFFF):
        lie = number.to_bytes(4, "little")
        for place in (end + 12, end + 16):
            lying = packed[:place] + lie + packed[place + 4 :]
            assert recognise(lying, "a") in (Kind.ZIP, Kind.WORD)
    for cut in range(len(packed)):
        assert recognise(packed[:cut] + packed[end:], "a")


# --- hostile text --------------------------------------------------------------------------------

_COLABS = "# Commented out IPython magic to ensure Python compatibility.\n"
REPEATED = [
    '"', '\\"', '"""', "'''\n", "#\n", "# %% ", "# %%\n", "# In[ ", "# In[ ]:\n", "```\n",
    "```python\n", "`", "~", "\n", "\n ", " ", "(\n\n", "()", "[", '{"', "<!-- -->", "<title>log",
    "import ", "import a,", "from a ", "def ", "class a ", "function a ", "function [a ", "<- ",
    "# -\n", "# + \n", "# +\nformat_name", _COLABS, f"{_COLABS}# %%time\n#\n",
    "get_ipython().run_cell_magic('time', '', '\\", "\\", "a", "1.", "https://a", "    public ",
    ":a\n", "---\n", '"a"\n\n', "# a\n\n", "@a\n", "\r\n", "grade_id", "x = 1\n\n",
]  # fmt: skip
BEGINNINGS = ["", "{", '"', "<html>", "# In[1]:\n", "```{code-cell}\n", 'x = """']
PARAGRAPHS = ["import torch\n\n", "# +\n# -\n", "x = (\n\n"]
SIZES = [
    *((beginning, 50_000) for beginning in [*BEGINNINGS, *PARAGRAPHS]),
    *(pytest.param(each, cells.MAX_READ, marks=pytest.mark.slow) for each in PARAGRAPHS),
    pytest.param("", 5 << 20, marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("beginning", "size"), SIZES)
def test_hostile_text_is_read_in_one_go(beginning: str, size: int) -> None:
    """Whatever is repeated for megabytes, no pattern goes over it again and again."""
    for part in REPEATED:
        text = beginning + part * ((size - len(beginning)) // len(part))
        lines = text.count("\n") + 1
        recognise(text.encode(), "a")
        assert sum(1 for _ in cells.script_cells(text)) <= lines
        assert sum(1 for _ in cells.markdown_cells(text)) <= lines

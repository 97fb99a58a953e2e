"""What a submitted file is, by its content first and its name last.

Nothing is run, unpacked or unpickled to know it: a look at the beginning, and at a zip file's list
of names, is all. Every pattern takes time in proportion to the text, whoever wrote the text.
"""

from __future__ import annotations

import codecs
import io
import os
import re
import struct
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path, PurePath
from typing import BinaryIO

from autograder.submissions.cells import MARK, PYTHON, is_markdown, lines_ended
from autograder.submissions.door import opened


class Kind(StrEnum):
    """What a file is, in words that go on "This is ..."."""

    NOTEBOOK = "a notebook"
    SCRIPT = "a Python script"
    MARKDOWN = "a Markdown document"
    ZIP = "a zip file"
    JSON = "JSON data"

    EMPTY = "an empty file"
    ZEROS = "a file of zero bytes"
    UNKNOWN = "a file of unknown type"
    TEXT = "plain text without Python code"

    GITHUB_PAGE = "a web page of GitHub"
    NOTEBOOK_PAGE = "a notebook saved as a web page (HTML)"
    LOGIN_PAGE = "a log-in page (HTML)"
    WEB_PAGE = "a web page (HTML)"
    XML = "an XML file"

    PDF = "a PDF document"
    WORD = "a Word document"
    EXCEL = "an Excel document"
    POWERPOINT = "a PowerPoint document"
    OLD_OFFICE = "a Word, Excel or PowerPoint document"
    OPEN_DOCUMENT = "a LibreOffice document"
    PAGES = "a document of Pages, Numbers or Keynote"
    RICH_TEXT = "a rich text document"
    LATEX = "a LaTeX document"
    TABLE = "a table (CSV)"
    PNG = "a PNG picture"
    JPEG = "a JPEG picture"
    HEIC = "a HEIC picture"
    GIF = "a GIF picture"
    WEBP = "a WebP picture"
    TIFF = "a TIFF picture"
    BMP = "a BMP picture"
    SVG = "an SVG picture"
    VIDEO = "a video"

    RAR = "a RAR archive"
    SEVEN_ZIP = "a 7z archive"
    GZIP = "a gzip archive"
    BZIP2 = "a bzip2 archive"
    XZ = "an xz archive"
    ZSTD = "a zstd archive"
    TAR = "a tar archive"

    CHECKPOINT = "a saved PyTorch model"
    PICKLE = "a pickle file (saved Python objects)"
    SAFETENSORS = "a safetensors file (saved weights)"
    HDF5 = "an HDF5 file (saved weights or data)"
    NUMPY = "a file of saved NumPy arrays"
    PARQUET = "a Parquet file (data)"
    SQLITE = "an SQLite database"
    PROGRAM = "a program"

    LFS_POINTER = "a Git LFS pointer"
    SHORTCUT = "a shortcut"
    ICLOUD = "an iCloud placeholder"
    GOOGLE_LINK = "a link to a file in Google Drive"
    LINK = "a link"
    MACOS_NOTE = "a note that macOS keeps beside a file"

    R = "R code"
    JULIA = "Julia code"
    JAVA = "Java code"
    MATLAB = "MATLAB code"
    C = "C or C++ code"
    JAVASCRIPT = "JavaScript code"


# what has cells, in the order that counts; and what can be graded, since such a thing is in it
CELLS = (Kind.NOTEBOOK, Kind.SCRIPT, Kind.MARKDOWN, Kind.NOTEBOOK_PAGE)
GRADABLE = (Kind.NOTEBOOK, Kind.ZIP, Kind.GZIP, Kind.SCRIPT, Kind.MARKDOWN, Kind.NOTEBOOK_PAGE)
_BEGINNING = 256 << 10  # bytes: what lies behind them does not change what a file is
_BLANK = b" \t\r\n\v\f\0"


def recognise(content: bytes, name: str) -> Kind:
    """What a file is, whatever it is called; the name decides only where the content does not."""
    blank = len(content) - len(content.lstrip(_BLANK))
    start = blank & ~1 if blank >= _BEGINNING else 0  # two bytes may be one letter
    beginning = content[start : start + _BEGINNING]
    return _empty(content) or _kind(beginning, io.BytesIO(content), name)


def recognise_file(path: Path) -> Kind:
    """What a file is, by its beginning and, of a zip file, its list of names."""
    with opened(path) as file:
        beginning = file.read(_BEGINNING)
        return _empty(beginning) or _kind(beginning, file, path.name)


def _empty(content: bytes) -> Kind | None:
    if content.strip(_BLANK):
        return None
    return Kind.ZEROS if content.strip(b"\0") != content else Kind.EMPTY


def _kind(beginning: bytes, file: BinaryIO, name: str) -> Kind:
    if beginning.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _of_zip(_names(file))
    return _by_magic(beginning) or _of_text(decoded(beginning, whole=False), name)


# --- what to tell a student ----------------------------------------------------------------------

HAND_IN = "Submit the notebook itself, the file that ends in .ipynb."
_UNPACK = "Unpack it and submit the notebook itself, the file that ends in .ipynb."
_SENTENCES = {
    Kind.EMPTY: "The file is empty. Save the notebook and submit it again.",
    Kind.ZEROS: "The file holds nothing but zero bytes: it was not copied to its end. Open the "
    "notebook where you wrote it, save it and submit it again.",
}
_REMEDIES = {
    Kind.GITHUB_PAGE: "On GitHub, open the notebook, choose Download raw file, and submit that.",
    Kind.NOTEBOOK_PAGE: "In Jupyter or Colab, choose File, Download, and submit the file that "
    "ends in .ipynb.",
    Kind.LOGIN_PAGE: "The download was answered by a log-in. Log in, download the notebook again "
    "and submit the file that ends in .ipynb.",
    Kind.LFS_POINTER: "It only stands for the notebook: run git lfs pull, and submit the real "
    "file that is then there.",
    Kind.SHORTCUT: "It only says where a file is: find the notebook itself, the file that ends in "
    ".ipynb, and submit that.",
    Kind.ICLOUD: "It only stands for the notebook: open it once, so that it is downloaded, and "
    "submit the file that ends in .ipynb.",
    Kind.GOOGLE_LINK: "In Google Drive or Colab, choose File, Download, Download .ipynb, and "
    "submit that.",
    Kind.LINK: "Download the notebook from there, and submit the file that ends in .ipynb.",
    Kind.MACOS_NOTE: "Submit the file of the same name without ._ at its beginning.",
    **dict.fromkeys(
        (Kind.RAR, Kind.SEVEN_ZIP, Kind.GZIP, Kind.BZIP2, Kind.XZ, Kind.ZSTD, Kind.TAR),
        _UNPACK,
    ),
}


def refusal(kind: Kind) -> str:
    """Say what a file is that cannot be graded, and what to do."""
    said = f"This is {kind}, which cannot be graded. {_REMEDIES.get(kind, HAND_IN)}"
    return _SENTENCES.get(kind, said)


def shown(text: str, limit: int = 60) -> str:
    """A name that a student wrote, fit for a sentence: short, and nothing in it that hides."""
    plain = "".join(sign if sign.isprintable() else "?" for sign in text[: limit + 1])
    return plain if len(plain) <= limit else f"{plain[: limit - 1]}…"


def listed(names: list[str], most: int = 3) -> str:
    """Up to three names, and how many more there are."""
    first = [shown(name) for name in names[:most]]
    if len(names) > most:
        first.append(f"{len(names) - most:,} more")
    return " and ".join([", ".join(first[:-1]), first[-1]] if first[1:] else first)


# --- bytes ---------------------------------------------------------------------------------------

_MAGIC = (
    (Kind.PDF, rb"%PDF"),
    (Kind.PNG, rb"\x89PNG\r\n"),
    (Kind.JPEG, rb"\xff\xd8\xff"),
    (Kind.GIF, rb"GIF8[79]a"),
    (Kind.HEIC, rb".{4}ftyp(?:hei|hev|mif1|msf1)"),
    (Kind.VIDEO, rb".{4}ftyp(?!avi)|\x1aE\xdf\xa3|RIFF.{4}AVI "),
    (Kind.WEBP, rb"RIFF.{4}WEBP"),
    (Kind.TIFF, rb"II\*\0|MM\0\*"),
    (Kind.BMP, rb"BM.{4}\0{4}"),
    (Kind.OLD_OFFICE, rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    (Kind.RAR, rb"Rar!\x1a\x07"),
    (Kind.SEVEN_ZIP, rb"7z\xbc\xaf\x27\x1c"),
    (Kind.GZIP, rb"\x1f\x8b"),
    (Kind.BZIP2, rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)"),
    (Kind.XZ, rb"\xfd7zXZ\0"),
    (Kind.ZSTD, rb"\x28\xb5\x2f\xfd"),
    (Kind.TAR, rb".{257}ustar"),
    (Kind.CHECKPOINT, rb"\x80[\x02-\x05].{0,4}\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"),
    (Kind.PICKLE, rb"\x80[\x02-\x05]"),
    (Kind.SAFETENSORS, rb".{5}\0{3}\{\""),
    (Kind.HDF5, rb"\x89HDF\r\n"),
    (Kind.NUMPY, rb"\x93NUMPY"),
    (Kind.PARQUET, rb"PAR1"),
    (Kind.SQLITE, rb"SQLite format 3\0"),
    (Kind.PROGRAM, rb"\x7fELF|MZ.{0,99}\0|[\xce\xcf]\xfa\xed\xfe|\xca\xfe\xba\xbe|.\r\r\n.{0,3}\0"),
    (Kind.ICLOUD, rb"bplist.{0,500}NSURL"),
    (Kind.SHORTCUT, rb"L\0{3}\x01\x14\x02\0|book\0{4}mark|bplist.{0,500}URL"),
    (Kind.MACOS_NOTE, rb"\0\x05\x16[\x00\x07]"),
)
_MAGICS = tuple((kind, re.compile(pattern, re.DOTALL)) for kind, pattern in _MAGIC)


def _by_magic(beginning: bytes) -> Kind | None:
    return next((kind for kind, pattern in _MAGICS if pattern.match(beginning)), None)


_MEMBERS = (  # what the names in a zip file say that it is
    (Kind.CHECKPOINT, r"(?:[^/]+/)?data\.pkl"),
    (Kind.WORD, r"word/document\.xml"),
    (Kind.EXCEL, r"xl/workbook\.(?:xml|bin)"),
    (Kind.POWERPOINT, r"ppt/presentation\.xml"),
    (Kind.OPEN_DOCUMENT, r"META-INF/manifest\.xml"),
    (Kind.PAGES, r"Index/Document\.iwa"),
    (Kind.PROGRAM, r"META-INF/MANIFEST\.MF"),
    (Kind.NUMPY, r".*\.npy"),
)
_TAIL = 22 + 0xFFFF  # bytes: the end of a zip file and its comment
_LIST = 1 << 20  # bytes of its list that are looked at


def _of_zip(names: list[str]) -> Kind:
    if any(".ipynb" in name.lower() for name in names):
        return Kind.ZIP
    patterns = ((kind, re.compile(pattern)) for kind, pattern in _MEMBERS)
    found = (kind for kind, pattern in patterns if any(map(pattern.fullmatch, names)))
    return next(found, Kind.ZIP)


def _names(archive: BinaryIO) -> list[str]:
    """The names in a zip file's list, read without believing anything else that it says."""
    size = archive.seek(0, os.SEEK_END)
    archive.seek(max(0, size - _TAIL))
    tail = archive.read(_TAIL)
    end = tail.rfind(b"PK\x05\x06", 0, max(0, len(tail) - 18))
    if end < 0:
        return []
    length, start = struct.unpack_from("<2L", tail, end + 12)
    archive.seek(start)
    return list(_entries(archive.read(min(length, _LIST))))


def _entries(listed: bytes) -> Iterator[str]:
    at = 0
    while listed.startswith(b"PK\x01\x02", at) and at + 46 <= len(listed):
        lengths = struct.unpack_from("<3H", listed, at + 28)
        yield listed[at + 46 : at + 46 + lengths[0]].decode("utf-8", errors="replace")
        at += 46 + sum(lengths)


# --- text ----------------------------------------------------------------------------------------

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_ODD = re.compile("[^\t\n\v\f\r\x1b -\x7e\x85\xa0-\ufffc\U00010000-\U0010ffff]")


# with a letter for each byte: to replace one by one takes seconds, where there are many millions
_OF_WINDOWS = bytes(range(256)).decode("cp1252", errors="replace")


def decoded(content: bytes, *, whole: bool = True) -> str:
    """Text in the encoding that its bytes show; a part may end in the middle of a letter."""
    marked = next((encoding for mark, encoding in _MARKS if content.startswith(mark)), None)
    if encoding := marked or _unmarked_utf16(content[:2000]):
        return content.decode(encoding, errors="replace")
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(content, whole)
    except UnicodeDecodeError:
        return codecs.charmap_decode(content, "strict", _OF_WINDOWS)[0]


def _unmarked_utf16(sample: bytes) -> str | None:
    """The encoding in which every other byte of plain letters is zero."""
    pairs = len(sample) // 2
    first, second = sample[::2].count(0), sample[1::2].count(0)
    if min(first, second) * 20 > pairs or max(first, second) * 4 < pairs or pairs < 2:
        return None
    return "utf-16-le" if second > first else "utf-16-be"


_NOTEBOOK_KEY = re.compile(r'"(?:cells|worksheets|nbformat)\\*"\s*:')
_CONFLICT = "<<<<<<< "
_BEGINNINGS = (
    (Kind.LFS_POINTER, r"version https://git-lfs\.github\.com/spec/"),
    (Kind.SHORTCUT, r"\[InternetShortcut\]|\[Desktop Entry\]"),
    (Kind.RICH_TEXT, r"\{\\rtf"),
    (Kind.LATEX, r"\\documentclass"),
    (Kind.LINK, r"https?://\S{1,2000}\s*\Z"),
)
_PATTERNS = tuple((kind, re.compile(pattern)) for kind, pattern in _BEGINNINGS)


def _of_text(text: str, name: str) -> Kind:
    start = lines_ended(text.strip("\ufeff\0 \t\r\n\v\f"))
    sample = start[:4096]
    if not sample:
        return Kind.EMPTY
    if len(_ODD.findall(sample)) * 20 > len(sample):
        return Kind.UNKNOWN
    if kind := next((kind for kind, pattern in _PATTERNS if pattern.match(start)), None):
        return kind
    return _of_json(start, name) or _of_markup(start) or _of_code(start, name)


_JSON = re.compile(
    r"""\{\s*(?:["}]|\Z)"""  # an object, also one that is cut off
    r"""|\[\s*(?:[\[{"\]\d-]|true|false|null|\Z)"""
    r"""|"[^"\\\n]*(?:\\.[^"\\\n]*)*"\Z"""  # one text
    r"""|(?:-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)\Z"""
)
_GOOGLE = re.compile(r'"doc_id"|"url"\s*:\s*"https://(?:docs|drive|colab)[^"]*google\.com')
_JSON_ENDINGS = (".ipynb", ".json")


def _of_json(start: str, name: str) -> Kind | None:
    """JSON that holds a notebook, perhaps as text or in another object; or other JSON."""
    opens = start[0] in "{[" or (start[0] == '"' and not start.startswith('"""'))
    if (opens or start.startswith(_CONFLICT)) and _NOTEBOOK_KEY.search(start):
        return Kind.NOTEBOOK
    if start[0] == "{" and len(start) < 4096 and _GOOGLE.search(start):
        return Kind.GOOGLE_LINK
    named = start[0] == "{" and name.lower().endswith(_JSON_ENDINGS)
    return Kind.JSON if named or _JSON.match(start) else None


_HTML = re.compile(r"<!doctype html|<(?:html|head|body|p|div|table|h\d|span|br)\b", re.IGNORECASE)
_PAGES = (
    (Kind.GITHUB_PAGE, r'github\.githubassets\.com|content="GitHub"'),
    (
        Kind.NOTEBOOK_PAGE,
        r"jp-Notebook|jp-Cell|border-box-sizing|nbconvert|nbviewer|jupyter-config-data"
        r"|colab\.research\.google\.com",
    ),
    (Kind.LOGIN_PAGE, r"type=[\"']?password|<title>[^<]{0,80}(?:log.?in|sign.?in|anmeld)"),
    (Kind.WEB_PAGE, r""),
)
_OTHER_MARKUP = ((Kind.SVG, r"<svg\b"), (Kind.SHORTCUT, r"<plist\b"), (Kind.XML, r""))
_SAVED_PAGE = re.compile(r"(?:From|MIME-Version|Snapshot-Content-Location): ")


def _of_markup(start: str) -> Kind | None:
    if _SAVED_PAGE.match(start) and "multipart/related" in start[:4096]:
        return Kind.WEB_PAGE
    if not re.match(r"<[!?A-Za-z]", start):
        return None
    kinds = _PAGES if _HTML.search(start, 0, 4096) else _OTHER_MARKUP
    return next(kind for kind, pattern in kinds if re.search(pattern, start, re.IGNORECASE))


_PERHAPS_PYTHON = re.compile(r"^import +\w[\w., ]*$|^@\w", re.MULTILINE)
_LANGUAGES = (
    (Kind.R, r"<- *function *\(|^library\("),
    (Kind.JULIA, r"^(?:using|module) [A-Z][\w., :]*$|^function \w[\w!.]*\([^{\n]*$"),
    (Kind.JAVA, r"^import java|^ *(?:public|private) (?:static |final )*(?:class|void)\b"),
    (Kind.C, r'^# *include *[<"]'),
    (Kind.MATLAB, r"^function +\[?\w[\w, ]*+\]? *="),
    (Kind.JAVASCRIPT, r"^(?:async )?function \w+\(|^(?:const|let) \w+ *="),
)  # fmt: skip
_CODES = tuple((kind, re.compile(pattern, re.MULTILINE)) for kind, pattern in _LANGUAGES)
_ENDINGS = {
    **dict.fromkeys((".md", ".markdown", ".qmd", ".rmd", ".myst"), Kind.MARKDOWN),
    **dict.fromkeys((".c", ".h", ".cc", ".cpp", ".hpp", ".cu"), Kind.C),
    **dict.fromkeys((".js", ".ts"), Kind.JAVASCRIPT),
    ".py": Kind.SCRIPT, ".ipy": Kind.SCRIPT, ".r": Kind.R, ".jl": Kind.JULIA, ".java": Kind.JAVA,
    ".m": Kind.MATLAB, ".tex": Kind.LATEX, ".csv": Kind.TABLE, ".tsv": Kind.TABLE,
    ".icloud": Kind.ICLOUD,
}  # fmt: skip


def _of_code(text: str, name: str) -> Kind:
    ending = _ENDINGS.get(PurePath(name).suffix.lower())
    if is_markdown(text):
        return Kind.MARKDOWN
    if ending is Kind.SCRIPT or MARK.search(text) or PYTHON.search(text):
        return Kind.SCRIPT
    by_content = (kind for kind, pattern in _CODES if pattern.search(text))
    otherwise = Kind.SCRIPT if _PERHAPS_PYTHON.search(text) else Kind.TEXT
    return ending or next(by_content, otherwise)

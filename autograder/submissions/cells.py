"""Where the code cells of a script or a Markdown document begin, whatever program wrote it.

Every pattern takes time in proportion to the text, whoever wrote the text. A large text is never a
list of its lines, nor is a group repeated in it without a limit: both take gigabytes of memory.
"""

from __future__ import annotations

import itertools
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

MARK = re.compile(
    r"^# ?(?:%%+(?=\s|$)|In ?\[[\d ]*\]:?(?=[ \t]*$)|COMMAND -{5,}"
    r"|<(?:code|markdown|raw|heading)cell>).*$",
    re.MULTILINE,
)
PYTHON = re.compile(
    r"^(?:async +)?def +\w+ *\(|^class +\w+ *[(:]|^from +[.\w]+ +import\b|^import +[\w.]+ +as +\w",
    re.MULTILINE,
)
MAX_READ = 1 << 19  # characters of a script without marks that are taken apart; of a text, read
MAX_MARKS = 20_000  # after these a text has no more cells: far more than are graded
_NO_CODE = re.compile(
    r"\[(?:markdown|md|raw)\]|^# ?%%+ *(?:markdown|md|raw) *$|<(?:markdown|raw|heading)cell>"
)
_COMMENT = re.compile(r"^# ?", re.MULTILINE)
_LINE_OF_CODE = re.compile(r"^(?!#)[^\S\n]*+\S.*$", re.MULTILINE)
_BLANK_LINE = re.compile(r"\n[^\S\n]*+$", re.MULTILINE)
_LIGHT = re.compile(r"^# +format_name: light$|^# \+$", re.MULTILINE)
_LIGHT_MARK = re.compile(r"^# (?:\+(?: .*|\{.*)?|-+)$", re.MULTILINE)
_TIMED = "(?:time|timeit|capture|prun|memit)"  # cell magics under which the code still counts
_COLABS = re.compile(
    r"^# Commented out IPython magic to ensure Python compatibility\.\n"
    rf"(# ?%%{_TIMED}\b.*\n(?:#.*\n?){{0,9999}})",
    re.MULTILINE,
)
_NBCONVERTS = re.compile(
    rf"get_ipython\(\)\.run_cell_magic\('{_TIMED}', '[^'\n]*', (['\"])(.*)\1\)\Z", re.DOTALL
)


@dataclass(frozen=True)
class Piece:
    """One cell of a text: its source, what its mark says, where it is, and whether it is code."""

    source: str
    mark: str
    label: str
    is_code: bool = True


def script_cells(text: str) -> Iterator[Piece]:
    """The cells of a Python script, at the marks of the program that wrote it.

    jupytext, VS Code, Spyder, nbconvert and Databricks mark each cell. Colab marks none, nor do
    people: there each paragraph counts as one, so that a mistake in one leaves the others.
    """
    text = _COLABS.sub(_uncommented, lines_ended(text))
    light = _LIGHT_MARK if _LIGHT.search(text) and not MARK.search(text) else None
    at, line, number = 0, 1, 0
    before: re.Match[str] | None = None
    marks = itertools.islice((light or MARK).finditer(text), MAX_MARKS)
    for mark in itertools.chain(marks, [None]):
        inside = text[at : mark.start() if mark else len(text)]
        yield from _marked(inside, before, number, line)
        at, before, number = mark.end() if mark else 0, mark, number + 1
        line += inside.count("\n")


def _marked(code: str, mark: re.Match[str] | None, number: int, line: int) -> Iterator[Piece]:
    """What stands below a mark: one cell, or (below the end of a cell) paragraphs."""
    if mark is None or re.fullmatch("# -+", mark[0]):
        yield from _paragraphs(code, line)
    elif _NO_CODE.search(mark[0]):
        words = _COMMENT.sub("", code[:MAX_READ])
        yield Piece(words, mark[0], f"cell {number}", is_code=False)
    else:
        of_nbconvert = mark[0].lstrip("# ").startswith("In")
        yield Piece(_of_nbconvert(code) if of_nbconvert else code, mark[0], f"cell {number}")


def lines_ended(text: str) -> str:
    """The text with the line ends of Unix, whatever system ended its lines, or two of them."""
    return text.replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\r", "\n")


def _uncommented(found: re.Match[str]) -> str:
    """A cell magic and its cell; one that is longer than any answer stays a comment."""
    return _COMMENT.sub("", found[1]) if len(found[1]) <= MAX_READ else found[0]


def _of_nbconvert(code: str) -> str:
    """A cell without the text cells after it, which are comments; out of its cell magic."""
    code = code.strip("\n")
    last = deque(_LINE_OF_CODE.finditer(code), maxlen=1)
    text = _BLANK_LINE.search(code, last[0].end() if last else 0)
    code = code[: text.start()].rstrip() if text else code.rstrip()
    magic = _NBCONVERTS.match(code) if len(code) <= MAX_READ else None
    return re.sub(r"\\(.)", _unescaped, magic[2], flags=re.DOTALL) if magic else code


def _unescaped(found: re.Match[str]) -> str:
    return {"n": "\n", "t": "\t"}.get(found[1], found[1])


_TOKEN = re.compile(
    r"""\#[^\n]*|\"{3}|'{3}|"[^"\\\n]*(?:\\.[^"\\\n]*)*"?|'[^'\\\n]*(?:\\.[^'\\\n]*)*'?"""
    r"""|[()\[\]{}]+|\n(?:[ \t]*\n)*""",
    re.DOTALL,
)
_CLOSED = {  # by what begins a text of several lines: the rest of it
    '"""': re.compile(r'[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*"""', re.DOTALL),
    "'''": re.compile(r"[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*'''", re.DOTALL),
}
_GOES_ON = re.compile(r"[\s)\]}]|(?:else|elif|except|finally)\b|\Z")
_BEGINS = re.compile(r"(?:def|class|async|import|from)\b|@")


def _paragraphs(text: str, line: int) -> Iterator[Piece]:
    """Code that stands between blank lines, statements whole; comments and texts are no code."""
    start = 0
    for end in itertools.chain(_paragraph_ends(text), [len(text)]):
        own = text[start:end].strip("\n")
        if not _is_prose(own):
            yield Piece(own, "", f"line {line}")
        line += text.count("\n", start, end)
        start = end


def _paragraph_ends(text: str) -> Iterator[int]:
    """Where a statement begins after a blank line, outside of texts and brackets."""
    at, depth = 0, 0
    while len(text) <= MAX_READ and (found := _TOKEN.search(text, at)):
        token, at = found[0], found.end()
        if token in _CLOSED:
            closed = _CLOSED[token].match(text, at)
            at = closed.end() if closed else len(text)
        elif token[0] in "()[]{}":
            opened = sum(map(token.count, "([{")) - sum(map(token.count, ")]}"))
            depth = max(0, depth + opened)
        elif token[0] == "\n" and token.count("\n") > 1 and _begins_anew(text, at, depth):
            depth = 0  # a bracket that was left open ends here
            yield at


def _begins_anew(text: str, at: int, depth: int) -> bool:
    return not _GOES_ON.match(text, at) and (depth == 0 or _BEGINS.match(text, at) is not None)


def _is_prose(code: str) -> bool:
    """Whether a paragraph is a comment, or a text that nobody uses: Colab's text cells."""
    quote = _CLOSED.get(code[:3]) if len(code) <= MAX_READ else None
    closed = quote.match(code, 3) if quote else None
    if closed and closed.end() == len(code.rstrip()):
        return True
    return _LINE_OF_CODE.search(code) is None


# --- the cells of Markdown -----------------------------------------------------------------------

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})([^`\n]*)$", re.MULTILINE)
PYTHON_FENCE = re.compile(
    r"(?:\{?\s*+\.?(?:i?python3?|py)\b|\{code-cell\}\s*+(?:i?python3?\s*+)?$)", re.IGNORECASE
)
_OPTIONS = re.compile(r"\n(?:---\n.*?\n---\n|(?::[^\n]*\n){1,999})", re.DOTALL)  # MyST's


def markdown_cells(text: str) -> Iterator[Piece]:
    """The fenced Python code of Markdown, MyST, Quarto or R Markdown.

    Where some of it is in braces, ``{python}``, that is what runs, and the rest is to be read.
    """
    found = [fence for fence in _fences(lines_ended(text)) if _is_python(fence)]
    runs = [fence for fence in found if fence.info.startswith("{")] or found
    for number, fence in enumerate(runs, 1):
        options = _OPTIONS.match(fence.inside)
        mark = fence.info + (options[0] if options else "")
        code = fence.inside[options.end() :] if options else fence.inside
        yield Piece(code, mark, f"code {number}")


@dataclass(frozen=True)
class _Fence:
    info: str  # what stands behind its opening signs
    inside: str
    above: str  # the text since the fence before


def _fences(text: str) -> Iterator[_Fence]:
    at = 0
    opened: re.Match[str] | None = None
    fences = itertools.islice(_FENCE.finditer(text), MAX_MARKS)
    for fence in itertools.chain(fences, [None]):
        if opened is None:
            opened = fence
        elif fence is None or (not fence[2].strip() and fence[1].startswith(opened[1])):
            inside = text[opened.end() : fence.start() if fence else len(text)]
            yield _Fence(opened[2].strip(), inside, text[at : opened.start()])
            at, opened = fence.end() if fence else len(text), None
    yield _Fence("", "", text[at:])


def _is_python(fence: _Fence) -> bool:
    return PYTHON_FENCE.match(fence.info) is not None


def is_markdown(text: str) -> bool:
    """Whether Python stands between fences, and nowhere else."""
    fences = list(_fences(text))
    outside = any(PYTHON.search(fence.above) for fence in fences)
    return any(map(_is_python, fences)) and not outside

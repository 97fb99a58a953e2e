"""Notebook magics are not Python: this blanks them, line by line, so that the rest still counts."""

from __future__ import annotations

import re

_KEEP_BODY = ("time", "timeit", "capture", "prun", "memit")
_LINE = re.compile(r"^(\s*)(?:[%!?]|[\w.\[][\w, .\[\]]*=\s*[%!])")
# A text that does not end on its line counts to the end of the line, so that each letter is read
# once: looking for the end again and again would take minutes on a hostile line.
_TEXT = re.compile(
    r"""'[^'\\]*(?:\\.[^'\\]*)*(?:'|\\?$)|"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?$)|#.*""", re.DOTALL
)
_HELP = re.compile(r"^(\s*)[\w.]+\?{1,2}\s*$")


def blank_magics(source: str, *, in_brackets: bool) -> tuple[str, list[str]]:
    """Return the source without magics, lines kept in place, and a note for each one.

    A line that looks like a magic may go on an expression (``%2``) where a bracket is open; but a
    bracket in a text of several lines may look open. So callers try both ways.
    """
    lines = source.split("\n")
    notes: list[str] = []
    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    if lines[first].startswith("%%"):
        name = (lines[first][2:].split() or [""])[0]
        if name not in _KEEP_BODY:
            return "", [f"%%{name} is not run, so the cell was skipped"]
        lines[first] = ""
        notes = [f"%%{name} was ignored"]
    depth = 0  # brackets that are open; a shell line that a backslash continues
    goes_on = False
    for i, line in enumerate(lines):
        found = None if depth > 0 and not in_brackets else _LINE.match(line) or _HELP.match(line)
        if goes_on:
            lines[i] = ""
            goes_on = line.endswith("\\")
        elif found:
            lines[i] = f"{found[1]}pass"
            goes_on = line.endswith("\\")
            notes.append(f"line {i + 1}, {line.strip()[:40]}, is not run")
        else:
            depth += _opened(line)
    return "\n".join(lines), notes


def _opened(line: str) -> int:
    """How many more brackets a line opens than it closes, strings and comments aside."""
    code = _TEXT.sub("", line)
    return sum(code.count(sign) for sign in "([{") - sum(code.count(sign) for sign in ")]}")


def hidden_code(source: str) -> list[str]:
    """What some magics run as Python: what stands behind one in its line, or below one in its cell.

    Each text is one that may be no Python at all, such as a name of a package.
    """
    lines = source.split("\n")
    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    below = ["\n".join(lines[first + 1 :])] if lines[first].startswith("%%") else []
    joined = source.replace("\\\n", " ").split("\n")
    return [*below, *(_behind(line) for line in joined if "%" in line and _LINE.match(line))]


def _behind(line: str) -> str:
    """The rest of a line behind its magic and the magic's options."""
    _, *words = line.partition("%")[2].split(" ")
    while words and (not words[0] or words[0].startswith("-") or words[0].isdigit()):
        words.pop(0)
    return " ".join(words)

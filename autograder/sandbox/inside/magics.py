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

"""Notebook magics are not Python: this blanks them, line by line, so that the rest still counts."""

from __future__ import annotations

import re

_KEEP_BODY = ("time", "timeit", "capture", "prun", "memit")
_LINE = re.compile(r"^(\s*)(?:[%!?]|[\w.\[][\w, .\[\]]*=\s*[%!])")
_HELP = re.compile(r"^(\s*)[\w.]+\?{1,2}\s*$")


def blank_magics(source: str) -> tuple[str, list[str]]:
    """Return the source without magics, lines kept in place, and a note for each one."""
    lines = source.split("\n")
    notes: list[str] = []
    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    if lines[first].startswith("%%"):
        name = (lines[first][2:].split() or [""])[0]
        if name not in _KEEP_BODY:
            return "", [f"%%{name} is not run, so the cell was skipped"]
        lines[first], notes = "", [f"%%{name} was ignored"]
    for i, line in enumerate(lines):
        if found := _LINE.match(line) or _HELP.match(line):
            lines[i] = f"{found[1]}pass"
            notes.append(f"line {i + 1}, {line.strip()[:40]}, is not run")
    return "\n".join(lines), notes

"""Runs the visible checks of your notebook each time you save it: python watch.py NOTEBOOK.ipynb

It needs Python and what the notebook imports, and nothing else; Ctrl+C ends it, and --once checks
once. It knows the visible checks only, which stand in the notebook: hidden checks run when you
submit. (The build copies this file as it is into what students are given.)
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SECONDS = 60  # for all cells together
_MAGIC = re.compile(r"^ *[%!?].*$|^.*\?$", re.MULTILINE)  # what Jupyter understands and Python not
_SKIPPED = {"scorecard", "figure", "demo"}


def main(words: list[str]) -> int:
    """Check now, and after each save; return 1 where --once finds something to do."""
    names = [word for word in words if not word.startswith("--")]
    if len(names) != 1 or not Path(names[0]).is_file():
        print("Say: python watch.py NOTEBOOK.ipynb")
        return 2
    path = Path(names[0])
    if "--run" in words:
        run(path)
        return 0
    for _ in _saves(path):
        done = show(path)
        if "--once" in words:
            return 0 if done else 1
        print("\nWatching for the next save; Ctrl+C ends.")
    return 0


def _saves(path: Path) -> Iterator[None]:
    """Yield now, then each time the file is saved."""
    seen = 0
    while True:
        with contextlib.suppress(OSError):  # editors replace a file by another
            if (stamp := path.stat().st_mtime_ns) != seen:
                seen = stamp
                yield
        time.sleep(0.3)


def show(path: Path) -> bool:
    """Run the cells in a process of their own, print how each check went; whether all passed."""
    try:
        done = subprocess.run(
            [sys.executable, __file__, str(path), "--run"],
            stdout=subprocess.PIPE, timeout=SECONDS, check=False,
        )  # fmt: skip
        said = done.stdout
    except subprocess.TimeoutExpired as late:
        said = late.stdout or b""
        print(f"It was not done within {SECONDS} s. Does every loop come to an end?")
    results = [json.loads(line) for line in said.splitlines() if line.startswith(b"[")]
    for _, text in results:
        print(text)
    passed = sum(state for state, _ in results)
    print(f"\n{passed} of {len(results)} visible checks passed; hidden checks run when you submit.")
    return bool(results) and passed == len(results)


def run(path: Path) -> None:
    """Run the code cells in order, and write one line for each check."""
    answers, sys.stdout = sys.stdout, io.StringIO()  # what the cells print is nobody's answer
    names: dict[str, Any] = {"__name__": "__main__"}
    for cell in _cells(path):
        text = _MAGIC.sub("", "".join(cell["source"]))
        marks = cell["metadata"].get("nbgrader", {})
        said = _carry_out(text, names)
        if marks.get("grade"):
            exercise = str(marks["grade_id"]).removesuffix("-check")
            line = said or f"✓ {exercise}"
            answers.write(json.dumps([not said, line]) + "\n")
            answers.flush()


def _cells(path: Path) -> list[Any]:
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (ValueError, KeyError):
        return []  # it is still being saved
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    return [cell for cell in code if not _SKIPPED & set(cell["metadata"].get("tags", ()))]


def _carry_out(text: str, names: dict[str, Any]) -> str:
    """Run one cell; what it stopped with, as the notebook would say it."""
    try:
        exec(compile(text, "<cell>", "exec"), names)
    except AssertionError as error:  # a check's own words
        return str(error)
    except BaseException as error:  # whatever the code raises, SystemExit too
        return f"✗ It stopped with {type(error).__name__}: {error}"
    return ""


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main(sys.argv[1:]))

"""Runs the visible checks of your notebook each time you save it: python watch.py NOTEBOOK.ipynb

It needs Python and what the notebook imports, and nothing else; Ctrl+C ends it, and --once checks
once. It knows the visible checks only, which stand in the notebook: hidden checks run when you
submit. (The build copies this file as it is into what students are given.)
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

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
    with tempfile.TemporaryFile() as said:
        if not _ended(path, said):
            print(f"It was not done within {SECONDS} s. Does every loop come to an end?")
        said.seek(0)
        lines = iter(lambda: said.readline(1 << 20), b"")
        results = [result for line in lines if (result := _result(line))]
    for _, text in results:
        print(text)
    passed = sum(state for state, _ in results)
    print(f"\n{passed} of {len(results)} visible checks passed; hidden checks run when you submit.")
    return bool(results) and passed == len(results)


def _ended(path: Path, said: IO[bytes]) -> bool:
    """Run the cells; whether they came to their end. Whatever they have started is ended."""
    command = [sys.executable, __file__, str(path), "--run"]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=said, start_new_session=True)
    try:
        child.wait(SECONDS)
    except subprocess.TimeoutExpired:
        return False
    finally:
        if os.name == "posix":
            with contextlib.suppress(OSError):  # all have ended
                os.killpg(child.pid, signal.SIGKILL)
        child.kill()
        child.communicate()
    return True


def _result(line: bytes) -> tuple[bool, str] | None:
    """What a line says about a check; nothing if it is something that a cell wrote."""
    try:
        passed, text = json.loads(line)
    except (ValueError, TypeError, RecursionError):
        return None
    known = isinstance(passed, bool) and isinstance(text, str)
    return (passed, "".join(c for c in text if c.isprintable() or c in "\n\t")) if known else None


def run(path: Path) -> None:
    """Run the code cells in order, and write one line for each check."""
    threading.Thread(target=_end_with, args=(os.dup(0),), daemon=True).start()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # so that no cell waits for input()
    answers, sys.stdout = sys.stdout, io.StringIO()  # what the cells print is nobody's answer
    names: dict[str, Any] = {"__name__": "__main__"}
    for cell in _cells(path):
        text = _MAGIC.sub("", "".join(cell["source"]))
        marks = cell["metadata"].get("nbgrader", {})
        said = _carry_out(text, names)
        if marks.get("grade"):
            exercise = str(marks["grade_id"]).removesuffix("-check")
            line = said or f"✓ {exercise}"
            answers.write("\n" + json.dumps([not said, line]) + "\n")
            answers.flush()


def _end_with(orders: int) -> None:
    """End this process and what it has started when nobody waits for its answers any more."""
    with contextlib.suppress(OSError):
        while os.read(orders, 1):
            pass
    if os.name == "posix" and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


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

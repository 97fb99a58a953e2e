"""A large hostile file takes little more memory than its own size, and touches nobody else."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from autograder.course.source import read_release
from autograder.errors import SubmissionError
from autograder.submissions import attempts, conflict, formats, lms, read, wrapped
from autograder.submissions.find import find
from tests.support.handed_in import A1, COURSE, ROOT, answered, hand_in, zipped

RELEASED = read_release(COURSE.release(A1))
SIZE = 3 << 20  # bytes: more than any text that is taken apart
START = "import torch as t\n"
COLAB = "# Commented out IPython magic to ensure Python compatibility.\n# %%time\n"
MAGIC = "# In[1]:\nget_ipython().run_cell_magic('time', '', '"
MARIMO = f"{START}app = marimo.App()\n"
CELL = '<html class="jp-Notebook"><div class="highlight hl-ipython3"><pre>'
TEXTS = {  # the ending, the start, what is repeated, and the end
    "lines of a merge conflict": (".py", f"{START}<<<<<<< a\n", "\n", "=======\n>>>>>>> b\n"),
    "a notebook in a conflict": (".ipynb", '{"cells":\n<<<<<<< a\n', "\n", "=======\n>>>>>>> b\n"),
    "many conflicts": (".py", START, "<<<<<<< a\n=======\n>>>>>>> b\n", ""),
    "lines of comments": (".py", START, "##\n", ""),
    "comments of Colab's": (".py", START + COLAB, "#\n", ""),
    "a cell of nbconvert's": (".py", f"{START}# In[1]:\n", "a\n", ""),
    "a magic of nbconvert's": (".py", START + MAGIC, "\\n", "')\n"),
    "a text cell": (".py", f"{START}# %% [markdown]\n", "#ab\n", ""),
    "a text with escapes": (".py", '"""import torch as t\n', "\\a", ""),
    "words": (".py", f"{START}# %%\n", "aa ", ""),
    "definitions": (".py", START, "def ab(\n", ""),
    "cells of marimo": (".py", MARIMO, "@app.cell\n", ""),
    "a cell of marimo's": (".py", f"{MARIMO}@app.cell\ndef _():\n", "    ab\n", ""),
    "fences": (".md", "", "```py\n```\n", ""),
    "options of MyST's": (".md", "```python\n", ":\n", ""),
    "colours of a page": (".html", CELL, "<>ab", "</pre>"),
}


def text(start: str, repeated: str, end: str) -> bytes:
    """A file of the size, for the most part of one thing."""
    return (start + repeated * (SIZE // len(repeated)) + end).encode()


@contextmanager
def at_most(size: int) -> Iterator[None]:
    """What is done here holds no more bytes at a time."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] <= size
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("ending", "start", "repeated", "end"), TEXTS.values(), ids=TEXTS)
def test_no_text_takes_many_times_its_size(tmp_path, ending, start, repeated, end):
    """A list of its lines would take ten to a hundred times as much."""
    path = tmp_path / f"a{ending}"
    path.write_bytes(text(start, repeated, end))
    with at_most(8 * SIZE):
        read.answers(path, RELEASED)


def test_a_small_file_takes_little_memory_and_a_digest_none(tmp_path: Path) -> None:
    """Neither takes room for the largest file; digests are made before anybody is graded."""
    small, large = tmp_path / "a.py", tmp_path / "b.py"
    small.write_text(START)
    large.write_bytes(b"#" * SIZE * 2)
    with at_most(SIZE):
        assert read.answers(small, RELEASED) == 0
        digest = read.sha256(large)
    assert digest == hashlib.sha256(read.content(large)).hexdigest()


def test_more_conflicts_than_git_writes_are_none() -> None:
    """So the places of their parts take no memory to speak of."""
    one = "<<<<<<< a\nx\n||||||| b\ny\n=======\nz\n>>>>>>> c\n"
    assert conflict.sides(one * 20) == ("x\n" * 20 + "\n", "z\n" * 20 + "\n")
    assert conflict.sides(one * (conflict.MOST + 1)) is None


OF_A_CLASS = """
import resource, sys
from pathlib import Path
from autograder.gradebook.written import answer
from autograder.submissions.find import find
from tests.support.handed_in import A1, COURSE

in_use = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (in_use + (64 << 20), -1))
found = find([Path(sys.argv[1])], COURSE, A1).jobs[A1]
print(*(f"{job.student}: {answer(job, 'linear', '')[-4:]}" for job in found), sep=", ")
"""


def test_memory_that_one_student_uses_up_is_nobody_elses(tmp_path: Path) -> None:
    """Two files of one student are read before anybody is graded, and one for a sheet."""
    large = b"# %%\n" + b"#" * (40 << 20)
    files = {"mallory/a.py": large, "mallory/b.py": large + b"#", "zoe/a.ipynb": answered()}
    root = hand_in(tmp_path / "class", {"ada/a.ipynb": answered("x"), **files})
    done = subprocess.run(
        [sys.executable, "-c", OF_A_CLASS, str(root)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout == "ada: bias, mallory: , zoe: bias\n", done.stderr


@pytest.mark.parametrize("error", [MemoryError, RecursionError])
def test_what_is_too_much_to_read_is_unreadable(tmp_path, monkeypatch, error) -> None:
    """Alone, in a zip file beside one that can be read, and where its words are to be shown."""
    decoded = formats.decoded

    def too_much(content: bytes, *, whole: bool = True) -> str:
        if whole and b"much" in content:
            raise error
        return decoded(content, whole=whole)

    monkeypatch.setattr(formats, "decoded", too_much)
    much, other = answered("much"), answered()
    root = hand_in(tmp_path, {"a.ipynb": much, "b.zip": zipped({"a.ipynb": much, "b.py": other})})
    assert read.answers(root / "a.ipynb", RELEASED) is None
    assert read.answers(root / "b.zip", RELEASED) == 1
    with pytest.raises(SubmissionError, match="not a notebook that Jupyter could open"):
        read.cells(much, "a.ipynb")


class Compared(dict[str, Any]):
    """A notebook that counts how often it is compared."""

    times = 0

    def __eq__(self, other: object) -> bool:
        type(self).times += 1
        return super().__eq__(other)

    __hash__ = None  # type: ignore[assignment]


@pytest.mark.parametrize("different", [True, False])
def test_notebooks_in_json_are_compared_with_one(different: bool) -> None:
    """With each other, thousands of them would keep a class waiting."""
    Compared.times = 0
    books = [Compared(cells=[number if different else 0]) for number in range(500)]
    assert (wrapped.inside([books]) is None) == different
    assert Compared.times < 500


def test_a_class_does_not_wait_for_all_notebooks_of_a_zip(tmp_path, monkeypatch) -> None:
    """When the time is up no more are compared to choose among files; to grade, all are."""
    path = tmp_path / "a.zip"
    path.write_bytes(zipped({f"{n}.ipynb": answered(n) for n in "abcdef"}))
    seconds, opened = iter(range(0, 1000, 4)), []
    one = read._member
    monkeypatch.setattr(read, "clock", lambda: next(seconds))
    monkeypatch.setattr(read, "_member", lambda member: opened.append(member.path) or one(member))
    read.answers(path, RELEASED, 10.0)
    assert len(opened) < 4
    opened.clear()
    with pytest.raises(SubmissionError, match="more than one notebook"):
        read.read(path, RELEASED, "ada")
    assert len(opened) == 6


def test_time_of_a_process_that_reads_counts_too(tmp_path: Path) -> None:
    """It keeps a class waiting as well."""
    path = tmp_path / "a.ipynb"
    path.write_bytes(answered() + b" " * read.MAX_AT_HOME)
    before = read.clock() - time.thread_time()
    assert read.answers(path, RELEASED) == 1
    assert read.clock() - time.thread_time() > before


def test_too_many_cells_of_a_large_notebook_are_counted_not_read(tmp_path: Path) -> None:
    """Their student hears of their number, as of a small notebook's."""
    many = json.dumps({"cells": [[]] * 400_000, "x": " " * read.MAX_AT_HOME})
    with pytest.raises(SubmissionError, match="more than 2,000 cells"):
        read.cells(many.encode(), "a.ipynb")


def test_names_of_attempts_are_taken_apart_once(tmp_path, monkeypatch) -> None:
    """Not again for every other file: there may be thousands."""
    taken: list[str] = []

    def count(title: str) -> str:
        taken.append(title)
        return lms.first_title(title)

    monkeypatch.setattr(attempts, "first_title", count)
    files = {f"doe_42_{n}_x{n}-1.ipynb": answered(str(n)) for n in range(30)}
    (job,) = find([hand_in(tmp_path, files)], COURSE, A1).jobs[A1]
    assert job.student == "doe_42"
    assert len(taken) == 60


def test_each_byte_of_windows_is_a_letter() -> None:
    """Also the five that mean none: they are all replaced in one go."""
    content = b"# \xff" + bytes(range(256))
    assert formats.decoded(content) == content.decode("cp1252", errors="replace")

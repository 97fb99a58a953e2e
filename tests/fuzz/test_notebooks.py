"""Notebooks of any form: read as a submission, or refused in a sentence; and nobody else's change.

What is changed are valid notebooks: the released one, answered ones, old ones and wrapped ones.
"""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import strategies as st

from autograder.course.source import read_release
from autograder.model import Job
from autograder.sandbox.inside import protocol
from autograder.submissions import read
from autograder.submissions.find import find
from tests.fuzz.support import changed, changed_tree, fuzzed, value_or_error
from tests.support.handed_in import A1, COURSE, answered, hand_in, untouched, zipped

RELEASED = read_release(COURSE.release(A1))
GOOD = {"ana": answered("ana"), "bob": untouched()}
_OLD = json.loads(answered())
BASES = [
    answered(),
    untouched(),
    json.dumps({"worksheets": [_OLD], "nbformat": 3}).encode(),
    json.dumps(answered().decode()).encode(),
    json.dumps({"type": "file", "content": answered().decode()}).encode(),
    json.dumps([_OLD]).encode(),
    json.dumps(
        {"payload": {"blob": {"rawLines": json.dumps(_OLD, indent=1).split("\n")}}}
    ).encode(),
    json.dumps({"content": base64.b64encode(answered()).decode(), "encoding": "base64"}).encode(),
]
BYTES = [*BASES, gzip.compress(answered()), gzip.compress(untouched()), answered() + answered()]
NAMES = (
    "a1_layers.ipynb",
    "a.ipynb.gz",
    "a.crdownload",
    "x.txt",
    "a-checkpoint.ipynb",
    "x",
    "x.zip",
    "a.py",
)
ENDLESS = {"[deep]": "[" * 50_000 + "]" * 50_000, "[number]": "9" * 5000, "[open]": "{" * 50_000}


def submission_of(content: bytes, name: str) -> None:
    """A file is read or refused; what is read can go on to the sandbox."""
    found = value_or_error(read.parse, content, name, RELEASED, "eve")
    if found is not None:
        cells = [(cell.exercises, cell.source) for cell in found.cells]
        protocol.pack({"do": "prepare"}, {"cells": cells})
        assert all(len(note) < 400 for note in found.notes)


def written(value: Any, encoding: str, plain: bool) -> bytes:
    """JSON in bytes; what no encoder writes is put in afterwards."""
    text = json.dumps(value, ensure_ascii=plain)
    for mark, endless in ENDLESS.items():
        text = text.replace(json.dumps(mark), endless)
    return text.encode(encoding, "surrogatepass")


def notebooks() -> st.SearchStrategy[bytes]:
    """Notebooks with wrong values anywhere, in some encoding, wrapped or not."""
    bases = st.sampled_from(BASES)
    trees = bases.flatmap(lambda base: changed_tree(lambda: json.loads(base), (*ENDLESS,)))
    encodings = st.sampled_from(["utf-8"] * 4 + ["utf-16", "utf-8-sig", "utf-32"])
    return st.builds(written, trees, encodings, st.booleans())


@fuzzed(notebooks(), st.sampled_from(NAMES))
def test_notebooks_with_wrong_values(content: bytes, name: str) -> None:
    """Whatever stands where, there is a submission or a sentence."""
    submission_of(content, name)


@fuzzed(st.sampled_from(BYTES).flatmap(changed), st.sampled_from(NAMES))
def test_notebooks_with_wrong_bytes(content: bytes, name: str) -> None:
    """Whatever bytes are changed, there is a submission or a sentence."""
    submission_of(content, name)


@fuzzed(st.one_of(notebooks(), st.sampled_from(BYTES).flatmap(changed)), st.sampled_from(NAMES))
def test_a_broken_file_is_its_students_alone(content: bytes, name: str) -> None:
    """In a class, what one student submits changes neither jobs nor bytes of the others."""
    with TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        hand_in(root, {f"{student}/{A1}.ipynb": own for student, own in GOOD.items()})
        alone = jobs(root)
        hand_in(root, {f"eve/{name}": content})
        together = jobs(root)
        assert together.pop("eve").problem == ""
        assert together == alone
        assert {student: read.content(job.path) for student, job in together.items()} == GOOD


def jobs(root: Path) -> dict[str, Job]:
    """The jobs of a class, by student."""
    return {job.student: job for job in find([root], COURSE, A1).jobs[A1]}


@fuzzed(notebooks())
def test_a_broken_member_is_its_students_alone(content: bytes) -> None:
    """In a student's own zip, a broken notebook beside a good one does not hide that."""
    submission_of(zipped({"other.ipynb": content}), "x.zip")
    found = read.parse(zipped({"b.ipynb": content, f"{A1}.ipynb": GOOD["ana"]}), "x", RELEASED, "e")
    assert found.answer("linear")

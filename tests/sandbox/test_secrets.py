"""A scan of a sandboxed process's whole memory, by the kernel's own view of it, finds no secret."""

from __future__ import annotations

import ast
import os
import re
import struct
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import IO

import pytest
import torch

from autograder.course import mistakes
from autograder.course.layout import Course, load
from autograder.course.source import read_release
from autograder.grading import checks
from autograder.grading.handles import InProcess
from autograder.grading.judging import Judge
from autograder.model import Submission, Tier
from autograder.sandbox import tiers
from autograder.sandbox.budget import Account
from autograder.sandbox.client import Zygote
from autograder.sandbox.session import Session
from autograder.sandbox.whole_notebook import WholeNotebook
from autograder.submissions.read import parse
from tests.support import cases, forms

ASSIGNMENT = cases.ASSIGNMENT
COURSE = Course(cases.ROOT)
MARK = "a constant of the student's"
WRONG = f'KEPT = "{MARK}"\n\ndef linear(x, weight, bias):\n    return torch.zeros(len(KEPT))'
PIECE = 1 << 16
POINTS = ("all_or_nothing", "graders_sha256", "ExerciseReport")  # who counts points names these
as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root may read another's memory")


def memory_of(pid: int) -> bytes:
    """All that a process may read and has written itself, as one piece without empty pages."""
    parts = []
    with open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            if found := re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line):
                start, end = (int(group, 16) for group in found.groups())
                parts += [page for page in pages(memory, start, end) if page.strip(b"\0")]
    return b"".join(parts)


def pages(memory: IO[bytes], start: int, end: int) -> Iterator[bytes]:
    """A stretch of memory in pieces of 64 KB."""
    for place in range(start, end, PIECE):
        memory.seek(place)
        yield memory.read(min(PIECE, end - place))


def below(pid: int) -> list[int]:
    """The processes that descend from one, the deepest last."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [found for child in map(int, children) for found in (child, *below(child))]


def hidden_words() -> set[bytes]:
    """Names and sentences of hidden checks, the tutor's lines, and the names of what has points."""
    tree = ast.parse(COURSE.graders(ASSIGNMENT).read_text())
    tests = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name.startswith("test_")]
    sentences = [(ast.get_docstring(check) or "").split("\n")[0] for check in tests]
    known = mistakes.entries(load(COURSE.mistakes(ASSIGNMENT)))
    tutors = [entry.tutor for entry in known if entry.tutor]
    slips = [entry.name for entry in known if len(entry.name) > 12]
    words = [*(check.name for check in tests), *sentences, *tutors, *slips, *POINTS]
    return {word.encode() for word in words if word.isascii()}


@as_root
@pytest.mark.parametrize("reading", ["the slice", "the whole notebook"])
def test_a_process_in_the_middle_of_grading_holds_no_secret(reading: str) -> None:
    """No hidden name, sentence, tutor's line or expected value is in reach of student code."""
    assignment = read_release(COURSE.release(ASSIGNMENT))
    answers = [forms.Cell(source, name) for name, source in cases.right_answers().items()]
    answers[1] = forms.Cell(WRONG, "linear")
    handed_in = parse(forms.FORMS["notebook"](answers)[1], "a.ipynb", assignment, "scan")
    local = InProcess(vars(load(COURSE.solution(ASSIGNMENT))), list(assignment.setup))
    judge = Judge(checks.collect(COURSE.graders(ASSIGNMENT), assignment), local, 7)
    with (
        tiers.start(assignment.setup, Tier.CONFINED, COURSE.config.sandbox) as sandbox,
        closing(read_as(reading, sandbox.zygote, handed_in, assignment.setup)) as session,
    ):
        judge.verdicts(session, ["linear"])
        memory = memory_of(below(os.getpid())[-1])
    expected = expected_values(local)
    text = b"\n".join(re.findall(rb"[ -~]{10,}", memory))
    assert MARK.encode() in memory, "the scan did not see the student's code"
    assert [word for word in hidden_words() if word in text] == []
    assert [value for value in expected if value in memory] == []


def read_as(reading: str, zygote: Zygote, handed_in: Submission, setup: Sequence[str]) -> Session:
    """A session that answers for linear in the first reading, or in the second."""
    if reading == "the slice":
        return Session(zygote, handed_in, setup)
    notebook = WholeNotebook(zygote, handed_in, setup, Account())
    assert notebook.run_to_check("linear")
    return notebook


def expected_values(local: InProcess) -> list[bytes]:
    """The bytes of what the reference answered to the calls of linear."""
    tensors = [a.result for a in local.answers.values() if isinstance(a.result, torch.Tensor)]
    flat = (
        t.detach().flatten()[:4].tolist()
        for t in tensors
        if t.dtype == torch.float32 and not t.is_meta
    )
    values = [struct.pack(f"{len(numbers)}f", *numbers) for numbers in flat if len(numbers) > 3]
    assert len(values) > 3, "there is too little to look for"
    return values[:4]

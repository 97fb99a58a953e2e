"""Runs the notebook as students meet it: solved, from top to bottom, in a real kernel.

The graders never see what a check cell itself expects: a wrong ``returns(...)`` shows right
students a cross. Here the visible checks have to pass for the reference and for each other right
answer, and not for the stub.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import PathFinder
from subprocess import DEVNULL
from typing import Any

from autograder.course.layout import Course, load
from autograder.course.mistakes import Entry, entries
from autograder.course.source import read_release, read_source, without_marks
from autograder.errors import InfrastructureError
from autograder.model import Cell, Exercise
from autograder.targets.release import master

_SECONDS = 300  # for one cell, which may train a network
# Students have what the course asks them to install; grading, and this, need none of it.
_OFFER = "__import__('autograder.sandbox.inside.imports', fromlist=['offer']).offer({names})"
_GREEN = "visible checks passed"
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class Kernel:
    """A real Jupyter kernel that runs one cell after another."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def run(self, source: str) -> tuple[str, str]:
        """Run a cell; return what it printed, and the error that ended it, if one did."""
        printed, errors = [], []

        def note(message: Any) -> None:
            content = message["content"]
            if message["msg_type"] == "stream":
                printed.append(content["text"])
            elif message["msg_type"] == "error":
                errors.append(f"{content['ename']}: {content['evalue']}")

        self._client.execute_interactive(
            source, store_history=False, timeout=_SECONDS, output_hook=note
        )
        return "".join(printed), _COLOUR.sub("", "".join(errors))


@contextmanager
def kernel() -> Iterator[Kernel]:
    """A fresh kernel in an empty folder, both gone afterwards."""
    try:
        from jupyter_client.manager import start_new_kernel
    except ImportError as error:
        raise InfrastructureError(
            "There is no Jupyter kernel to run the notebook in. Install: pip install ipykernel"
        ) from error
    with tempfile.TemporaryDirectory() as folder:
        # what the kernel says of itself is nobody's business here
        manager, client = start_new_kernel(
            kernel_name="python3", cwd=folder, stdout=DEVNULL, stderr=DEVNULL
        )
        try:
            yield Kernel(client)
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)


def rehearse(course: Course, name: str, skip: Collection[str] = ()) -> list[str]:
    """Run one assignment's notebook in a kernel; return what a student would stumble over.

    Args:
        course: the course.
        name: the assignment.
        skip: exercises whose checks are left out, since they take long.
    """
    source = course.source(name)
    assignment = read_source(source)
    cells = master(assignment, source.read_text(encoding="utf-8"), course.config.tolerances).cells
    bank = entries(load(course.mistakes(name)), [e.id for e in assignment.exercises])
    stubs = {e.id: e.answer for e in read_release(course.release(name)).exercises}
    wanted = [e for e in assignment.exercises if e.id not in skip]
    left_out = {e.id for e in assignment.exercises if e.id in skip}
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    absent = [
        n for n in course.config.sandbox.stand_ins if n in code and PathFinder.find_spec(n) is None
    ]
    with kernel() as running:
        if absent:
            running.run(_OFFER.format(names=absent))
        faults = list(_top_to_bottom(running, cells, left_out))
        for exercise in wanted:
            right = [e for e in bank if e.exercise == exercise.id and e.tutor is None]
            faults += _others(running, exercise, right, stubs[exercise.id])
    return faults


def _top_to_bottom(running: Kernel, cells: Sequence[Any], left_out: set[str]) -> Iterator[str]:
    """Run all code cells; of an exercise that takes long, none from its check to the next text."""
    untried = False
    for number, cell in enumerate(cells, 1):
        marks = cell.metadata.get("nbgrader", {})
        grade_id = marks.get("grade_id", "")
        check = bool(marks.get("grade"))
        untried = grade_id.removesuffix("-check") in left_out if grade_id else untried
        if cell.cell_type != "code" or (untried and not marks.get("solution")):
            continue
        printed, error = running.run(without_marks(Cell("code", cell.source)))
        place = f"the solved notebook, cell {number}" + (f" ({grade_id})" if grade_id else "")
        if error:
            yield f"{place}: {error}"
        elif check and _GREEN not in printed:
            yield f"{place}: the visible check does not say that it passed"


def _others(
    running: Kernel, exercise: Exercise, right: Sequence[Entry], stub: Cell
) -> Iterator[str]:
    """Other right answers pass the visible check, the stub does not; the reference comes back."""
    for entry in right:
        error = running.run(entry.source)[1] or running.run(exercise.check.source)[1]
        if error:
            yield f"{exercise.id}: the visible check refuses the alternative {entry.name}: {error}"
    running.run(f"globals().pop({exercise.id!r}, None)")  # as if no answer had been run before
    running.run(stub.source)
    printed, error = running.run(exercise.check.source)
    if not error and _GREEN in printed:
        yield f"{exercise.id}: the visible check passes for the untouched stub"
    running.run(without_marks(exercise.answer))

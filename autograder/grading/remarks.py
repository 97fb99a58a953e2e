"""What is said about a submission besides its checks: problems, notes and flags."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from autograder.model import ExerciseReport, Status, Submission
from autograder.notebook import wording
from autograder.sandbox.budget import UsedUp
from autograder.sandbox.session import Inventory

_STOPPED = {Status.CRASHED, Status.TIMED_OUT, Status.OUT_OF_MEMORY}
_OFTEN = 3  # deaths of an exercise's processes that are worth a word


def within(submission: Submission, most: int) -> Submission:
    """The submission with so many cells at most: its answers, and the first of its others."""
    too_many = len(submission.cells) - most
    if too_many <= 0:
        return submission
    helpers = [i for i, cell in enumerate(submission.cells) if not cell.exercises]
    left_out = set(helpers[-too_many:])
    kept = (cell for i, cell in enumerate(submission.cells) if i not in left_out)
    note = wording.MANY_CELLS.format(most=most, left=len(left_out))
    return replace(submission, cells=tuple(kept), notes=(*submission.notes, note))


def used_up(found: Iterable[UsedUp | None]) -> list[str]:
    """What of a submission's budget was used up, each thing said once."""
    by_kind = {one.what: one for one in found if one}
    return [wording.used_up(one.what, one.amount, one.exercise) for one in by_kind.values()]


def deaths(by_exercise: Mapping[str, int]) -> list[str]:
    """Which exercises ended Python itself again and again; once may be the machine's doing."""
    often = [name for name, times in by_exercise.items() if times >= _OFTEN]
    return [wording.ended_python(often)] if often else []


def problems(exercise: str, submission: Submission, inventory: Inventory) -> list[str]:
    """Why an exercise could not be graded at all, in words, the most basic reason first."""
    if exercise in submission.missing:
        return [wording.MISSING.format(exercise=exercise)]
    if exercise in submission.untouched:
        return [wording.NOT_ATTEMPTED]
    own = [i for i, cell in enumerate(submission.cells) if exercise in cell.exercises]
    broken = [problem for i in own if (problem := inventory.problems[i])]
    if broken:
        line, said = broken[0]
        return [wording.SYNTAX.format(line=line, said=said)]
    return _misnamed(exercise, {name for i in own for name in inventory.binds[i]})


def fault(
    exercise: str, inventory: Inventory, packages: Iterable[str], said: str, *, gpu: bool
) -> Iterator[str]:
    """What an exercise's code needs and does not find, where that may be why it stops.

    Where the notebook's own example says something else, it is not the GPU.
    """
    *most, last = sorted({"numpy", "torch", *packages})
    known = f"{', '.join(most)} and {last}"
    for package in inventory.absent.get(exercise, ()):
        yield wording.NOT_INSTALLED.format(package=package, known=known)
    other = said and wording.NEEDS_GPU not in said
    if exercise in inventory.on_gpu and not gpu and not other:
        yield wording.NEEDS_GPU


def _misnamed(exercise: str, binds: set[str]) -> list[str]:
    if exercise in binds:
        return []
    if not binds:
        return [wording.UNDEFINED.format(expected=exercise)]
    return [wording.RENAMED.format(found=", ".join(sorted(binds)), expected=exercise)]


def notes(
    submission: Submission, inventory: Inventory, exercises: Iterable[ExerciseReport]
) -> tuple[str, ...]:
    """For the student: what of the notebook was skipped, found elsewhere, or run as a whole."""
    exercises = list(exercises)
    whole = {exercise.id for exercise in exercises if exercise.as_notebook}
    labelled = [
        (cell, found)
        for cell, found in zip(submission.cells, inventory.notes, strict=True)
        if not whole or (cell.exercises and not whole.intersection(cell.exercises))
    ]
    skipped = (f"{cell.label}: {note}." for cell, found in labelled for note in found)
    run = [wording.AS_NOTEBOOK.format(exercises=", ".join(sorted(whole)))] if whole else []
    again = (
        wording.DEFINED_AGAIN.format(cell=cell, exercise=exercise)
        for cell, exercise in _defined_again(submission, inventory, exercises)
    )
    return (*submission.notes, *skipped, *run, *again)


def _defined_again(
    submission: Submission, inventory: Inventory, exercises: Iterable[ExerciseReport]
) -> Iterator[tuple[str, str]]:
    """Cells below an exercise's check that bind its name too, where the one that counts failed."""
    for exercise in exercises:
        end = submission.above.get(exercise.id)
        if end is None or exercise.as_notebook or exercise.status is Status.PASSED:
            continue
        below = zip(submission.cells[end:], inventory.binds[end:], strict=True)
        again = (c for c, names in below if exercise.id in names and exercise.id not in c.exercises)
        if cell := next(again, None):
            yield cell.label, exercise.id


def oddities(exercises: Iterable[ExerciseReport]) -> Iterator[str]:
    """What is odd about some exercises' verdicts; it never scores."""
    for exercise in exercises:
        hidden = {c.status for c in exercise.checks if c.hidden}
        visible = {c.status for c in exercise.checks if not c.hidden}
        if hidden == {Status.PASSED} and visible and Status.PASSED not in visible:
            yield f"{exercise.id} passes every hidden check and not the notebook's own"
        if any(wording.FORGED in check.message for check in exercise.checks):
            yield f"{exercise.id} answers questions about itself with what is not true"
        deciding = {check.status for check in exercise.checks if check.keeps < 1}
        if exercise.score and deciding & _STOPPED:
            yield f"{exercise.id} earns points and stops in the check that decides about it"
        if Status.NOT_JUDGED in deciding and 3 * exercise.score >= exercise.points > 0:
            yield f"{exercise.id} earns points and a check that decides about it could not be made"


def flags(submission: Submission, inventory: Inventory, replaced: Sequence[str]) -> tuple[str, ...]:
    """What an instructor may want to look at in the code; it never scores by itself."""
    labelled = zip(submission.cells, inventory.flags, strict=True)
    said = [f"{cell.label} mentions {', '.join(names)}" for cell, names in labelled if names]
    changed = [f"the code replaces {', '.join(replaced)}"] if replaced else []
    return (*said, *changed, *_newer_python(submission, inventory))


def _newer_python(submission: Submission, inventory: Inventory) -> Iterator[str]:
    """Cells that cannot be read here, and perhaps could by the Python that their student has."""
    if submission.python > sys.version_info[:2]:
        newer = ".".join(map(str, submission.python))
        for cell, problem in zip(submission.cells, inventory.problems, strict=True):
            if problem and cell.exercises:
                yield wording.NEWER_PYTHON.format(cell=cell.label, newer=newer)

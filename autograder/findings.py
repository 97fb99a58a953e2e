"""What the mere text of a submission tells: why an exercise cannot be graded, notes and flags."""

from __future__ import annotations

from autograder import sentences
from autograder.model import Submission
from autograder.sandbox.session import Inventory


def problems(exercise: str, handed_in: Submission, inventory: Inventory) -> list[str]:
    """Why an exercise could not be graded at all, in words, the most basic reason first."""
    if exercise in handed_in.missing:
        return [sentences.MISSING.format(exercise=exercise)]
    if exercise in handed_in.untouched:
        return [sentences.NOT_ATTEMPTED]
    own = [i for i, cell in enumerate(handed_in.cells) if exercise in cell.exercises]
    broken = [problem for i in own if (problem := inventory.problems[i])]
    if broken:
        line, said = broken[0]
        return [sentences.SYNTAX.format(line=line, said=said)]
    return _misnamed(exercise, {name for i in own for name in inventory.binds[i]})


def _misnamed(exercise: str, binds: set[str]) -> list[str]:
    if exercise in binds:
        return []
    if not binds:
        return [sentences.UNDEFINED.format(expected=exercise)]
    return [sentences.RENAMED.format(found=", ".join(sorted(binds)), expected=exercise)]


def notes(handed_in: Submission, inventory: Inventory) -> tuple[str, ...]:
    """What of the notebook was skipped or found elsewhere, for the student to know."""
    labelled = zip(handed_in.cells, inventory.notes, strict=True)
    skipped = (f"{cell.label}: {note}." for cell, found in labelled for note in found)
    return (*handed_in.notes, *skipped)


def flags(handed_in: Submission, inventory: Inventory) -> tuple[str, ...]:
    """Cells that an instructor may want to look at; they never score by themselves."""
    labelled = zip(handed_in.cells, inventory.flags, strict=True)
    return tuple(f"{cell.label} mentions {', '.join(names)}" for cell, names in labelled if names)

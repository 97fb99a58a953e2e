"""verify runs the notebook as a student would: in a real kernel, with its own visible checks."""

from __future__ import annotations

from pathlib import Path

from autograder.targets.committed import tree
from autograder.targets.rehearsal import rehearse
from autograder.targets.tree import write
from tests.support.courses import MISTAKES, NAME, write_course


def rehearsed(root: Path, old: str = "", new: str = "", mistakes: str = MISTAKES) -> list[str]:
    """What is found in a small course with one replacement in its source."""
    course = write_course(root)
    path = course.source(NAME)
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    course.mistakes(NAME).write_text(mistakes, encoding="utf-8")
    write(tree(course, NAME), root)
    return rehearse(course, NAME)


def test_a_sound_notebook_has_no_fault(tmp_path: Path) -> None:
    """Reference and alternatives pass the visible check, the stub does not."""
    assert rehearsed(tmp_path) == []


def test_a_wrong_expectation_is_noticed(tmp_path: Path) -> None:
    """A visible check that expects something wrong shows a cross to right students."""
    faults = rehearsed(tmp_path, "torch.tensor([1.0])", "torch.tensor([4.0])")
    assert "the solved notebook, cell 6 (half-check): CheckFailed: ✗ half" in faults[0]
    assert "half: the visible check refuses the alternative divides" in faults[1]


def test_a_check_that_any_stub_passes_is_noticed(tmp_path: Path) -> None:
    """A visible check that calls nothing is green before a line is written."""
    old = "call(half, torch.tensor([2.0])).returns(torch.tensor([1.0]))"
    assert rehearsed(tmp_path, old, "pass") == [
        "half: the visible check passes for the untouched stub"
    ]


def test_a_cell_that_stops_is_noticed(tmp_path: Path) -> None:
    """Any cell of the solved notebook that ends in an error is named."""
    (fault,) = rehearsed(tmp_path, "# %% [markdown]", "# %%\n1 / 0\n\n# %% [markdown]")
    assert fault == "the solved notebook, cell 1: ZeroDivisionError: division by zero"

"""Small classes for tests of whole runs, and what of their results must be the same every time."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from tests.support.cases import ASSIGNMENT, ROOT

SEED = 7
QUICK = "ada bela chen dina emil fatima goran hana ivan lena mira nils olga paul rosa".split()


def notebook(student: str) -> Path:
    """The notebook of a student of the sample class."""
    return ROOT / "samples" / student / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"


def a_class(folder: Path, size: int) -> Path:
    """A class of any size, drawn in turn from the samples that hold nobody up."""
    for number in range(size):
        sample = QUICK[number % len(QUICK)]
        place = folder / f"{sample}{number:05d}" / ASSIGNMENT
        place.mkdir(parents=True)
        shutil.copy(notebook(sample), place)
    return folder


def lasting(result: dict[str, Any]) -> dict[str, Any]:
    """A result without what differs from run to run: when it was made and how long it took."""
    kept = {key: value for key, value in result.items() if key not in ("graded_at", "seconds")}
    for exercise in kept["exercises"]:
        for check in exercise["checks"]:
            check.pop("seconds")
    return kept


def judged(result: dict[str, Any]) -> dict[str, Any]:
    """What lasts of a result, without how its file was submitted: that is known to the batch."""
    kept = lasting(result)
    return {**kept, "submission": {name: kept["submission"][name] for name in ("file", "sha256")}}


def results_in(out: Path) -> dict[str, dict[str, Any]]:
    """What lasts of all results of a run, by file name."""
    files = sorted((out / ASSIGNMENT).glob("*.json"))
    return {path.name: lasting(json.loads(path.read_text())) for path in files}

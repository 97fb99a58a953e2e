"""A notebook in odd files is the same on each way that a student takes: at home and submitting."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.integrations.one_submission import grade_folder
from autograder.model import Report, Status, Tier
from autograder.notebook import watch
from tests.conftest import ROOT
from tests.service.running import ASSIGNMENT, Running, result, submit
from tests.support.odd_files import ODD
from tests.support.own_notebooks import COURSE

NOTEBOOK = ROOT / "samples" / "chen" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The odd files, each in a folder of its own."""
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    made = {}
    for name, (ending, saved) in ODD.items():
        made[name] = tmp_path_factory.mktemp(name) / f"{ASSIGNMENT}{ending}"
        made[name].write_bytes(saved(notebook))
    return made


@pytest.fixture(scope="module")
def plain() -> Report:
    """What the notebook itself is graded with."""
    return graded(NOTEBOOK.parent)


def graded(folder: Path) -> Report:
    """What becomes of what one student submitted, as on Gradescope and in a repository."""
    return grade_folder(folder, COURSE, ASSIGNMENT, "chen", Tier.CONFINED)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service to which students submit."""
    made = Running(tmp_path_factory.mktemp("service"))
    made.start()
    yield made
    made.stop()


def test_watch_and_practice_see_the_checks_that_grade_sees(
    files: dict[str, Path], plain: Report, tmp_path: Path
) -> None:
    """The same visible checks pass, also where nothing in the file says which cell is what."""
    passed = {e.id for e in plain.exercises for c in e.checks
              if not c.hidden and c.status is Status.PASSED}  # fmt: skip
    assert 0 < len(passed) < len(plain.exercises)
    with watch.Practice(tmp_path) as practice:
        for name, file in files.items():
            lines = practice.check(watch.read(file)).lines
            assert len(lines) == len(plain.exercises), name
            assert {line.exercise.id for line in lines if line.state == "passed"} == passed, name


def test_the_service_gives_the_points_that_grade_gives(
    files: dict[str, Path], plain: Report, service: Running
) -> None:
    """Each file is an attempt with the same points, exercise by exercise."""
    client = service.signed_in(service.links()["chen"])
    for name, file in files.items():
        found = result(client, submit(client, file.read_bytes(), file.name))
        assert found["score"] == plain.score, name
        passed = [part["passed"] for part in found["exercises"]]
        assert passed == [e.status is Status.PASSED for e in plain.exercises], name


@pytest.mark.slow
def test_a_folder_with_one_file_gives_the_points_that_grade_gives(
    files: dict[str, Path], plain: Report
) -> None:
    """So it is where a folder is graded, and the file is whatever lies there."""
    for name, file in files.items():
        assert graded(file.parent).score == plain.score, name

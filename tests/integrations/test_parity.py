"""One class of students gets the same score, exercise by exercise, whichever tool graded it."""

import csv
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.integrations.conftest import BIN, CLASS, NAME, SEED
from tests.support.marks import one_quick
from tests.support.odd_files import ODD

# Wrong, cells copied, cut off, answers all over, and wrong in odd files.
FEW = ("chen", "hana", "rosa", "otto", *ODD)
# For otter, which opens the file before it asks us: it takes notebooks of version 4 only.
UNREADABLE = {"rosa", *ODD} - {"odd-retyped"}
SYSTEM_PYTHON = Path("/usr/bin/python3")


def scores(result: dict) -> dict[str, float]:
    """Points by exercise."""
    return {part["id"]: part["score"] for part in result["exercises"]}


def in_gradebook(root: Path, student: str) -> dict[str, float]:
    """Points by exercise, from nbgrader's database itself."""
    query = (
        "select base_cell.name, grade.auto_score from grade "
        "join base_cell on base_cell.id = grade.cell_id "
        "join submitted_notebook on submitted_notebook.id = grade.notebook_id "
        "join submitted_assignment on submitted_assignment.id = submitted_notebook.assignment_id "
        "where submitted_assignment.student_id = ?"
    )
    with closing(sqlite3.connect(root / "gradebook.db")) as database:
        rows = database.execute(query, [student]).fetchall()
    return {name.removesuffix("-check"): score for name, score in rows}


@pytest.mark.parametrize("student", CLASS)
def test_nbgrader_gives_our_scores(place, ours, by_nbgrader, student):
    """Each grade in the gradebook after nbgrader autograde is the exercise's score."""
    assert by_nbgrader.graded.returncode == 0, by_nbgrader.graded.stderr
    found = in_gradebook(place.root, student)
    assert len(found) == 10
    assert found == (scores(ours[student]) or dict.fromkeys(found, 0.0))


def test_answers_all_over_a_notebook_keep_their_points(ours):
    """Right answers in the setup, in a check and in one cell are worth what they always are."""
    assert scores(ours["otto"]) == scores(ours["bela"])


@pytest.mark.parametrize("student", ODD)
def test_an_odd_file_has_the_scores_of_the_notebook_in_it(ours, student):
    """What can be read is worth what it always is, however it was saved."""
    assert scores(ours[student]) == scores(ours["chen"])


def test_nbgrader_exports_our_totals(place, ours, by_nbgrader):
    """The CSV of nbgrader export holds each student's total."""
    done = place.tool("nbgrader", "export", "--to", "exported.csv")
    assert done.returncode == 0, done.stderr
    with (place.root / "exported.csv").open() as file:
        scores = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    rows = {name: round(score, 2) for name, score in scores.items()}  # nbgrader adds floats
    assert rows == {name: result["score"] for name, result in ours.items()}


@pytest.mark.slow
@pytest.mark.parametrize("student", [s for s in FEW if s not in UNREADABLE])
def test_otter_run_gives_our_scores(place, ours, otter_zip, tmp_path, student):
    """Each question of otter run's results.json has the exercise's score."""
    notebook = place.root / "submitted" / student / NAME / f"{NAME}.ipynb"
    done = place.tool("otter", "run", str(notebook), "-a", str(otter_zip), "-o", str(tmp_path))
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "results.json").read_text())
    found = {test["name"]: test["score"] for test in result["tests"] if "score" in test}
    assert found == scores(ours[student])


@pytest.mark.parametrize("student", one_quick(FEW))
def test_the_gradescope_zip_gives_our_scores(place, ours, gradescope_zip, schema, student):
    """The zip, run as Gradescope's harness runs it, writes the exercise's scores."""
    with harness(gradescope_zip, place, student) as root:
        (root / "source" / "venv").symlink_to(BIN.parent)
        check_gradescope(root, ours[student], schema, dict(os.environ))


@pytest.mark.skipif(
    os.getuid() != 0 or not SYSTEM_PYTHON.exists() or BIN.parent != ROOT / ".venv",
    reason="needs root, as on Gradescope, and a Python that every user may read",
)
@pytest.mark.slow
def test_the_gradescope_zip_works_in_a_container_without_namespaces(
    place, ours, gradescope_zip, schema
):
    """Where bubblewrap cannot be used, the confined tier gives the same scores."""
    with harness(gradescope_zip, place, "chen") as root:
        interpreter = root / "source" / "venv" / "bin" / "python"
        interpreter.parent.mkdir(parents=True)
        (packages,) = BIN.parent.glob("lib/python3*/site-packages")
        interpreter.write_text(f'#!/bin/sh\nPYTHONPATH={packages} exec {SYSTEM_PYTHON} "$@"\n')
        interpreter.chmod(0o755)
        if subprocess.run([interpreter, "-c", "import torch"], check=False).returncode != 0:
            pytest.skip("the system's Python is another version than the environment's")
        commands = root / "commands"
        commands.mkdir()
        for name in ("bash", "sh", "env", "dirname", "readlink"):
            (commands / name).symlink_to(str(shutil.which(name)))
        result = check_gradescope(root, ours["chen"], schema, {"PATH": str(commands)})
        assert result["extra_data"]["tier"] == "confined"


class harness:  # noqa: N801  (reads as a sentence in the with statement)
    """Gradescope's container: /autograder with the zip unpacked and one submission."""

    def __init__(self, archive: Path, place, student: str) -> None:
        self.folder = tempfile.TemporaryDirectory()  # not pytest's: every user may enter this one
        self.root = Path(self.folder.name) / "autograder"
        for name in ("source", "submission", "results"):
            (self.root / name).mkdir(parents=True)
        Path(self.folder.name).chmod(0o755)
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(self.root / "source")
        shutil.copy(self.root / "source" / "run_autograder", self.root)
        (self.root / "run_autograder").chmod(0o755)
        notebook = place.root / "submitted" / student / NAME / f"{NAME}.ipynb"
        shutil.copy(notebook, self.root / "submission")
        metadata = {"id": 1, "users": [{"email": f"{student}@example.edu", "id": 2, "name": "X"}]}
        (self.root / "submission_metadata.json").write_text(json.dumps(metadata))

    def __enter__(self) -> Path:
        return self.root

    def __exit__(self, *_: object) -> None:
        self.folder.cleanup()


def check_gradescope(root: Path, expected: dict, schema, environment: dict[str, str]) -> dict:
    """Run the harness's command; compare what it wrote with our result."""
    variables = {**environment, "AUTOGRADER_SEED": SEED}
    done = subprocess.run(
        [root / "run_autograder"], cwd="/", env=variables, capture_output=True, text=True,
        check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    result = json.loads((root / "results" / "results.json").read_text())
    schema(result, "gradescope")
    found = dict(exercise_scores(result))
    assert found == scores(expected)
    assert result["score"] == expected["score"]
    return result


def exercise_scores(result: dict) -> Iterator[tuple[str, float]]:
    """Points by exercise, which tags the tests that carry points."""
    for test in result["tests"]:
        if "score" in test:
            yield test["tags"][0], test["score"]

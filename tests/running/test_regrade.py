"""A changed grader: who gains and who loses is shown first, and published only on request."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from autograder.course.layout import Course
from tests.support.cases import ASSIGNMENT, ROOT
from tests.support.classes import SEED, notebook, results_in

RIGHT = "    return y if bias is None else y + bias\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A course of its own, whose reference a test may change."""
    for part in ("source", "release", "solutions"):
        shutil.copytree(ROOT / part, tmp_path / "course" / part)
    shutil.copy(ROOT / "course.toml", tmp_path / "course")
    return tmp_path / "course"


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """Three submissions: all right, without the bias of ``linear``, and unreadable."""
    place = tmp_path / "class"
    for student in ("ada", "rosa", "zoe"):
        (place / student / ASSIGNMENT).mkdir(parents=True)
        source = notebook("ada" if student == "zoe" else student)
        shutil.copy(source, place / student / ASSIGNMENT)
    forget_the_bias(place / "zoe" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb")
    return place


def forget_the_bias(path: Path) -> None:
    """Turn a right notebook into one whose ``linear`` adds nothing."""
    text = json.loads(path.read_text())
    for cell in text["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "linear":
            cell["source"] = ["def linear(x, weight, bias):\n", "    return x @ weight.T\n"]
    path.write_text(json.dumps(text))


def test_gains_and_losses_are_shown_before_they_are_published(run, home, people, tmp_path):
    """A reference that forgets the bias too: who added it loses, who did not gains."""
    out = tmp_path / "out"
    where = [str(people), "--out", str(out), "--course", str(home), "--jobs", "1"]
    assert run("grade", *where, "--seed", str(SEED), "--quiet").returncode == 0
    published = results_in(out)
    solution = Course(home).solution(ASSIGNMENT)
    assert solution.read_text().count(RIGHT) >= 1
    solution.write_text(solution.read_text().replace(RIGHT, "    return y\n", 1))

    graded = run("grade", *where)
    assert "3 results of the same files come from other graders" in graded.stderr
    assert "autograder regrade" in graded.stderr
    assert results_in(out) == published

    shown = run("regrade", *where)
    assert shown.returncode == 0, shown.stderr
    assert "1 gain, 1 lose, 1 stay the same" in shown.stdout
    assert re.search(r"\d / \d+ \(100%\)", shown.stdout)
    assert "Nothing is published yet" in shown.stdout
    assert results_in(out) == published

    applied = run("regrade", *where, "--apply", "--json")
    assert applied.returncode == 0, applied.stderr
    changes = {row["student"]: row for row in map(json.loads, applied.stdout.splitlines())}
    assert {name: row["kind"] for name, row in changes.items()} == {
        "ada": "lower", "rosa": "same", "zoe": "higher"
    }  # fmt: skip
    after = results_in(out)
    for name, row in changes.items():
        assert row["before"] == published[f"{name}.json"]["score"]
        assert row["now"] == after[f"{name}.json"]["score"]
        assert after[f"{name}.json"]["seed"] == SEED
    assert changes["zoe"]["exercises"][0].startswith("linear ")
    assert not (out / ".regrade" / ASSIGNMENT).exists()

    earlier = sorted((out / ".earlier" / ASSIGNMENT).glob("*.json"))
    kept = {path.name.split(".")[0]: json.loads(path.read_text()) for path in earlier}
    assert {f"{name}.json": old["score"] for name, old in kept.items()} == {
        f"{name}.json": published[f"{name}.json"]["score"] for name in ("ada", "rosa", "zoe")
    }

    again = run("regrade", *where)
    assert "0 gain, 0 lose, 0 stay the same" in again.stdout

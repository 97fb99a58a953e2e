"""Result files: the schema, the atomic write, and the refusal of anything malformed."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from autograder.errors import InfrastructureError, UsageError
from autograder.model import Check, Status, Tier
from autograder.report.results import from_dict, read, read_all, to_dict, write
from tests.report.factory import HOSTILE_NAMES, exercise, mixed, not_graded, report, unreadable


@pytest.mark.parametrize("one", [report(), mixed(), not_graded(), unreadable()])
def test_every_report_survives_the_file(one: Any, tmp_path: Path) -> None:
    """What is read is what was written, with every field."""
    assert read(write(one, tmp_path)) == one


@pytest.mark.parametrize("handle", HOSTILE_NAMES.values(), ids=HOSTILE_NAMES)
def test_hostile_names_survive_the_file(handle: str, tmp_path: Path) -> None:
    """A name is kept exactly, however it had to be spelt as a file name."""
    path = write(report(handle, notes=(handle,)), tmp_path)
    assert (read(path).student, read(path).notes) == (handle, (handle,))
    assert path.parent == tmp_path / "a1_layers"


def test_the_file_has_the_fields_of_the_schema() -> None:
    """The names and nesting of schema v1 stand as published."""
    data = to_dict(mixed(notes=("cell 7 was skipped",), flags=("reads gc",)))
    assert data["schema"] == "autograder/result/v1"
    assert list(data) == [
        *("schema", "assignment", "title", "student", "submission", "graders_sha256", "status"),
        *(
            "reason",
            "score",
            "max_score",
            "seed",
            "exercises",
            "notes",
            "flags",
            "sandbox",
            "environment",
        ),
        *("graded_at", "seconds"),
    ]
    assert data["submission"] == {"file": "a1_layers.ipynb", "sha256": "3f" * 32}
    assert data["sandbox"]["tier"] == "isolated"
    assert data["exercises"][1]["mistake"] == "weight_not_transposed"
    assert set(data["exercises"][0]) == {
        *("id", "title", "points", "score", "status", "remarks", "mistake", "code", "checks"),
        "as_notebook",
    }
    assert set(data["exercises"][0]["checks"][0]) == {
        *("name", "hidden", "weight", "status", "message", "seconds")
    }


def test_a_failed_machine_leaves_no_score_to_read() -> None:
    """A report that was not graded has null for a score, while an unreadable file has 0."""
    assert to_dict(not_graded())["score"] is None
    assert to_dict(unreadable())["score"] == 0


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        (["schema"], "autograder/result/v2", '"schema" must be "autograder/result/v1"'),
        (["student"], 7, '"student" must be text, but is 7'),
        (["status"], "fine", '"status" must be one of graded, not_graded, unreadable'),
        (["max_score"], float("nan"), '"max_score" must be a finite number'),
        (["max_score"], True, '"max_score" must be a whole number'),
        (["seed"], 1.5, '"seed" must be a whole number'),
        (["exercises"], {}, '"exercises" must be a list'),
        (["exercises", 0], "linear", "exercises number 1: is not a result file"),
        (["exercises", 1, "score"], "0", 'exercises number 2: "score" must be a number'),
        (["exercises", 1, "checks", 0, "hidden"], 1, 'checks number 1: "hidden" must be true'),
        (["notes"], [1], '"notes" must be a list of texts'),
        (["sandbox", "tier"], "safe", 'sandbox: "tier" must be one of practice'),
        (["score"], 99.0, '"score" must be 30.0, the sum of its exercises, but is 99.0'),
    ],
)
def test_malformed_data_is_refused_with_its_place(path: Any, value: Any, complaint: str) -> None:
    """A complaint names the file, the field, what belongs there and what was found."""
    data = to_dict(mixed())
    place: Any = data
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(UsageError) as caught:
        from_dict(data, "results/a1/s.json")
    assert str(caught.value).startswith("results/a1/s.json")
    assert complaint in str(caught.value)


def test_a_missing_field_is_refused() -> None:
    """A file that lacks a field is not filled up with guesses."""
    data = to_dict(report())
    del data["student"]
    with pytest.raises(UsageError, match='"student" must be text, but is missing'):
        from_dict(data)


def test_fields_that_came_later_may_be_missing() -> None:
    """A v1 file without code, flags and weights is still read."""
    data = to_dict(report())
    del data["flags"]
    for part in data["exercises"]:
        del part["code"]
        for one in part["checks"]:
            del one["weight"]
    bare = from_dict(data)
    assert bare.flags == ()
    assert bare.exercises[0].code == ""
    assert bare.exercises[0].checks[0].weight == 1.0


NO_RESULTS = ['{"schema": "autogra', "[]", "", "\udcff", "[" * 200_000]


@pytest.mark.parametrize("text", NO_RESULTS, ids=["cut off", "a list", "empty", "binary", "deep"])
def test_a_file_that_is_no_result_is_named(text: str, tmp_path: Path) -> None:
    """A cut-off, foreign or binary file gives one sentence with its path."""
    path = tmp_path / "s.json"
    path.write_text(text, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(UsageError, match=r"s\.json"):
        read(path)


def test_a_file_that_cannot_be_opened_is_the_machine_s_fault(tmp_path: Path) -> None:
    """A missing file is no verdict on anybody."""
    with pytest.raises(InfrastructureError, match=r"gone\.json: cannot be read"):
        read(tmp_path / "gone.json")


def test_a_broken_write_leaves_the_old_file(tmp_path: Path, monkeypatch: Any) -> None:
    """When the disk fails halfway, the earlier result stays and no rest is left."""
    path = write(report(), tmp_path)
    before = path.read_bytes()

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(InfrastructureError, match="No space left on device"):
        write(mixed(), tmp_path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_that_is_a_file_is_the_machine_s_fault(tmp_path: Path) -> None:
    """A results folder that cannot be made gives a sentence, not a traceback."""
    (tmp_path / "a1_layers").write_text("in the way")
    with pytest.raises(InfrastructureError, match="cannot be written"):
        write(report(), tmp_path)


def test_all_results_are_read_in_order_and_nothing_else(tmp_path: Path) -> None:
    """Results come by assignment, then student; other files are passed over."""
    for assignment, student in [("a2", "s1"), ("a1", "s2"), ("a1", "s1")]:
        write(report(student, assignment), tmp_path)
    (tmp_path / "README.md").write_text("notes")
    (tmp_path / "summary.json").write_text("{}")
    (tmp_path / "a1" / "notes.txt").write_text("notes")
    (tmp_path / "a1" / ".half.json").write_text("{")
    found = [(one.assignment, one.student) for one in read_all(tmp_path)]
    assert found == [("a1", "s1"), ("a1", "s2"), ("a2", "s1")]


def test_one_assignment_s_folder_can_be_read(tmp_path: Path) -> None:
    """The folder of a single assignment is enough."""
    write(report("s1", "a1"), tmp_path)
    write(report("s1", "a2"), tmp_path)
    assert [one.assignment for one in read_all(tmp_path / "a2")] == ["a2"]


def test_reading_streams(tmp_path: Path) -> None:
    """The first report arrives before the last file is opened."""
    write(report("s1"), tmp_path)
    (tmp_path / "a1_layers" / "s2.json").write_text("{")
    stream = read_all(tmp_path)
    assert next(stream).student == "s1"
    with pytest.raises(UsageError, match=r"s2\.json"):
        next(stream)


def test_a_folder_that_is_not_there_is_wrong_use(tmp_path: Path) -> None:
    """A mistyped folder is said at once."""
    with pytest.raises(UsageError, match="is not a folder of results"):
        read_all(tmp_path / "resluts")


def test_weights_and_tiers_are_kept() -> None:
    """Fields with a default are carried too, not just their defaults."""
    part = replace(exercise(), checks=(Check("n", True, 2.5, Status.NOT_RUN, "m", 0.5),))
    one = report(exercises=(part,), tier=Tier.SEPARATE, flags=("reads gc",))
    assert from_dict(json.loads(json.dumps(to_dict(one)))) == one

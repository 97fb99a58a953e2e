"""The comparison with other graders: it says what is on record, and ours is still true."""

from __future__ import annotations

import json
from typing import Any

import pytest

from benchmarks import attacks
from tests.support.cases import ROOT

FEW = (  # run anew; all others have tests of their own
    "attacks/comparisons/replaces_every_comparison",
    "attacks/comparisons/calls_its_tensor_equal",
    "faults/input_and_output/prints_a_lot",
)


@pytest.fixture(name="recorded")
def what_is_on_record() -> Any:
    """What the graders did when they were last compared."""
    return json.loads(attacks.RECORD.read_text())


@pytest.mark.parametrize("row", [*attacks.CHEATS, *attacks.ACCIDENTS])
def test_each_row_is_a_case_with_a_test(row: str) -> None:
    """No row of the comparison is anything but a case that the suite grades too."""
    assert (ROOT / "tests" / f"{row}.py").is_file()


def test_the_record_is_of_these_rows(recorded: Any) -> None:
    """Every row is on record, and on none of them this project gave way."""
    for kind, rows, good in (
        ("cheats", attacks.CHEATS, "held"),
        ("accidents", attacks.ACCIDENTS, "kept"),
    ):
        assert [row["case"] for row in recorded[kind]] == list(rows)
        assert {row["verdicts"][attacks.OURS] for row in recorded[kind]} == {good}


def test_the_comparison_says_what_is_on_record(recorded: Any) -> None:
    """Its two tables and its sentence are those of the record, in the words of the cases."""
    page = (ROOT / "docs" / "comparison.md").read_text(encoding="utf-8")
    assert attacks.markdown("cheat", recorded["cheats"]) in page
    assert attacks.markdown("accident", recorded["accidents"]) in page
    assert attacks.summary(recorded) in " ".join(page.split())


def test_this_project_still_holds() -> None:
    """Graded anew, cheats earn what their wrong answer earns, and an accident loses nothing."""
    scores = attacks.ours([*attacks.honest().values(), *map(attacks.case, FEW)])
    assert scores["right"] > scores["wrong"]
    verdicts = [
        attacks.cheat(row, scores) if "attacks" in row else attacks.accident(row, scores)
        for row in FEW
    ]
    assert verdicts == ["held", "held", "kept"]

"""The README's comparison with other graders: its rows exist, and this project's column is true."""

from __future__ import annotations

import json

import pytest

from benchmarks import attacks
from tests.support.cases import ROOT

FEW = ("attacks/B1", "attacks/X5b", "faults/N17")  # run anew; all others have tests of their own


@pytest.mark.parametrize("row", [*attacks.CHEATS, *attacks.ACCIDENTS])
def test_each_row_is_a_case_with_a_test(row: str) -> None:
    """No row of the comparison is anything but a case that the suite grades too."""
    assert (ROOT / "tests" / f"{row}.py").is_file()


def test_the_record_is_of_these_rows() -> None:
    """Every row is on record with its story, and on none of them this project gave way."""
    recorded = json.loads(attacks.RECORD.read_text())
    for kind, rows, good in (
        ("cheats", attacks.CHEATS, "held"),
        ("accidents", attacks.ACCIDENTS, "kept"),
    ):
        found = recorded[kind]
        assert [row["case"] for row in found] == list(rows)
        assert [row["story"] for row in found] == [attacks.case(row).story for row in rows]
        assert {row["verdicts"][attacks.OURS] for row in found} == {good}


def test_this_project_still_holds() -> None:
    """Graded anew, cheats earn what their wrong answer earns, and an accident loses nothing."""
    scores = attacks.ours([*attacks.honest().values(), *map(attacks.case, FEW)])
    assert scores["right"] > scores["wrong"]
    verdicts = [
        attacks.cheat(row, scores) if "attacks" in row else attacks.accident(row, scores)
        for row in FEW
    ]
    assert verdicts == ["held", "held", "kept"]

"""The spreadsheet and the folder of pages."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from autograder.errors import InfrastructureError
from autograder.report.pages import write_csv, write_pages
from tests.report.factory import (
    HOSTILE_NAMES,
    TITLES,
    classroom,
    exercise,
    mixed,
    not_graded,
    report,
    unreadable,
)
from tests.report.pages import Page


def table(path: Path) -> list[list[str]]:
    """The cells of a spreadsheet."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_the_spreadsheet_has_a_column_per_exercise(tmp_path: Path) -> None:
    """Head, scores and exercises are there; without a verdict the cells are empty."""
    write_csv([mixed("s1"), not_graded("s2"), unreadable("s3")], tmp_path / "g.csv")
    assert table(tmp_path / "g.csv") == [
        ["student", "assignment", "status", "score", "max_score", *TITLES],
        ["s1", "a1_layers", "graded", "30", "100", "20", "0", "10", "0", "0"],
        ["s2", "a1_layers", "not_graded", "", "100", "", "", "", "", ""],
        ["s3", "a1_layers", "unreadable", "0", "100", "", "", "", "", ""],
    ]


def test_several_assignments_share_a_spreadsheet(tmp_path: Path) -> None:
    """Columns then name their assignment, and a student's other columns stay empty."""
    one = report("s", "a1", exercises=(exercise("linear"),))
    two = report("s", "a2", exercises=(exercise("linear", score=7.125),))
    write_csv([one, two], tmp_path / "g.csv")
    head, first, second = table(tmp_path / "g.csv")
    assert head[5:] == ["a1.linear", "a2.linear"]
    assert (first[5:], second[5:]) == (["20", ""], ["", "7.12"])


@pytest.mark.parametrize(
    "start", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\n=1", "\u202e=1"]
)
def test_formulas_are_disarmed(start: str, tmp_path: Path) -> None:
    """A name that a spreadsheet would compute begins with an apostrophe."""
    write_csv([report(start, start)], tmp_path / "g.csv")
    line = table(tmp_path / "g.csv")[1]
    assert line[0].startswith("'")
    assert line[1].startswith("'")


@pytest.mark.parametrize("name", HOSTILE_NAMES.values(), ids=HOSTILE_NAMES)
def test_hostile_names_stay_in_their_cell(name: str, tmp_path: Path) -> None:
    """Quotes, newlines and control characters cannot add cells or lines."""
    write_csv([report(name), report("next")], tmp_path / "g.csv")
    lines = table(tmp_path / "g.csv")
    assert [len(line) for line in lines] == [10, 10, 10]
    assert lines[2][0] == "next"
    assert lines[1][0][:1] not in {"=", "+", "-", "@"}
    assert not set(lines[1][0]) & set("\x00\x1b\n\u202e")


def test_the_folder_is_complete(tmp_path: Path) -> None:
    """The class page, a page per report, plotly and the spreadsheet lie together."""
    reports = [mixed("s1"), report("s1", "a2_activations"), not_graded("../../x")]
    index = write_pages(reports, tmp_path / "out", previous=[report("s1")])
    assert index == tmp_path / "out" / "index.html"
    names = {
        path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()
    }
    assert names == {
        *("out/index.html", "out/plotly.min.js", "out/grades.csv"),
        *("out/students/a1_layers--s1.html", "out/students/a2_activations--s1.html"),
        "out/students/a1_layers--~2E~2E~2F~2E~2E~2Fx.html",
    }
    assert "Since the last grading" in index.read_text(encoding="utf-8")
    page = Page((tmp_path / "out/students/a1_layers--s1.html").read_text(encoding="utf-8"))
    assert "30 of 100 points" in page.text


def test_the_pages_do_not_depend_on_the_order_of_the_reports(tmp_path: Path) -> None:
    """The class page is the same however the results were read."""
    reports = classroom(20)
    one, other = write_pages(reports, tmp_path / "a"), write_pages(reports[::-1], tmp_path / "b")
    assert one.read_bytes() == other.read_bytes()


def test_a_folder_that_cannot_be_written_is_the_machine_s_fault(tmp_path: Path) -> None:
    """A file in the way gives a sentence that names the folder."""
    (tmp_path / "out").write_text("in the way")
    with pytest.raises(InfrastructureError, match="out: the pages cannot be written"):
        write_pages([report()], tmp_path / "out")

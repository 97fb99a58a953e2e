"""The spreadsheet and the folder of pages."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from autograder.errors import InfrastructureError, UsageError
from autograder.model import HandedIn
from autograder.report.pages import inert, write_csv, write_pages
from autograder.submissions.roster import Roster
from tests.report.factory import (
    HOSTILE_NAMES,
    TITLES,
    classroom,
    exercise,
    mixed,
    not_graded,
    person,
    report,
    roster,
    unreadable,
)
from tests.report.pages import Page


def table(path: Path) -> list[list[str]]:
    """The cells of a spreadsheet."""
    with path.open(encoding="utf-8-sig", newline="") as file:
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


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\n=1", "\u202e=1"]
BEHIND_NOTHING = ["\u200b=1", "\u2060+1", "\xad@SUM(A1)", "\u3164=1", "\ufeff\u200d-1", "\u034f=1"]


@pytest.mark.parametrize("start", [*FORMULAS, *BEHIND_NOTHING])
def test_formulas_are_disarmed(start: str, tmp_path: Path) -> None:
    """A name that a spreadsheet would compute begins with an apostrophe."""
    write_csv([report(start, start)], tmp_path / "g.csv")
    line = table(tmp_path / "g.csv")[1]
    assert line[0].startswith("'")
    assert line[1].startswith("'")


@pytest.mark.parametrize("between", [";", "; ", ",", ", ", ";;", ";\u200b"])
@pytest.mark.parametrize("start", ["=1", "+SUM(A1)", "-1+cmd|x", "-x", "@x", "-2.5*2", "＝1"])
def test_a_formula_behind_a_separator_is_disarmed(start: str, between: str, tmp_path: Path) -> None:
    """Where semicolons divide cells, as in Germany, a name may hold the start of another cell."""
    write_csv([report(f"ana{between}{start}")], tmp_path / "g.csv")
    line = (tmp_path / "g.csv").read_text(encoding="utf-8-sig").splitlines()[1]
    assert not [cell for cell in re.split("[;,]", line) if begins_formula(cell)]


def begins_formula(cell: str) -> bool:
    """Whether a spreadsheet computes a cell."""
    return cell.strip(' "\u200b').startswith(("=", "+", "-", "@", "＝"))


@pytest.mark.parametrize(
    "text", ["found [1.0, -2.0] for x", "Doe, Jane", "1; -1e-3; 2", "a-b; c=d"]
)
def test_numbers_and_words_behind_a_separator_stay_as_they_are(text: str) -> None:
    """Feedback is full of commas, and most of what follows them is nothing to compute."""
    assert inert(text) == text


@pytest.mark.parametrize("name", HOSTILE_NAMES.values(), ids=HOSTILE_NAMES)
def test_hostile_names_stay_in_their_cell(name: str, tmp_path: Path) -> None:
    """Quotes, newlines and control characters cannot add cells or lines."""
    write_csv([report(name), report("next")], tmp_path / "g.csv")
    lines = table(tmp_path / "g.csv")
    assert [len(line) for line in lines] == [10, 10, 10]
    assert lines[2][0] == "next"
    assert lines[1][0][:1] not in {"=", "+", "-", "@"}
    assert not set(lines[1][0]) & set("\x00\x1b\n\u202e")


def test_excel_reads_every_alphabet(tmp_path: Path) -> None:
    """The mark of UTF-8 stands at the start, once, and names come back as they are."""
    write_csv([report("Zoë")], tmp_path / "g.csv")
    content = (tmp_path / "g.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbfstudent,")
    assert content.count(b"\xef\xbb\xbf") == 1
    assert table(tmp_path / "g.csv")[1][0] == "Zoë"


def test_every_student_of_the_roster_has_a_line(tmp_path: Path) -> None:
    """Who submitted nothing has no score, which is not 0; whom the roster lacks come last."""
    people = Roster((person("zoe", name="Zoë"), person("tina", role="ta"), person("ana", 2)))
    write_csv([mixed("ana"), unreadable("stranger")], tmp_path / "g.csv", people)
    head, *lines = table(tmp_path / "g.csv")
    about = ["student", "name", "section", "email", "assignment", "status", "score", "max_score"]
    assert head == [*about, *TITLES]
    none = [""] * len(TITLES)
    zoe = ["zoe", "Zoë", "Thursday 14:00", "zoe@example.org", "a1_layers", "not_handed_in"]
    ana = ["ana", "محمد علي", "Monday 10:00", "ana@example.org", "a1_layers", "graded"]
    stranger = ["stranger", "", "", "", "a1_layers", "unreadable"]
    assert lines == [
        [*zoe, "", "100", *none],
        [*ana, "30", "100", "20", "0", "10", "0", "0"],
        [*stranger, "0", "100", *none],
    ]


def test_a_student_is_missed_in_each_assignment(tmp_path: Path) -> None:
    """Each assignment that anybody submitted has a line for everybody."""
    people = Roster((person("b"), person("a")))
    write_csv([report("a", "a1"), report("b", "a2")], tmp_path / "g.csv", people)
    lines = table(tmp_path / "g.csv")
    place = lines[0].index("assignment")
    assert [(line[0], *line[place : place + 2]) for line in lines[1:]] == [
        ("b", "a1", "not_handed_in"),
        ("a", "a1", "graded"),
        ("b", "a2", "graded"),
        ("a", "a2", "not_handed_in"),
    ]


def test_when_it_was_handed_in_is_told_where_it_is_known(tmp_path: Path) -> None:
    """One report that says when, or that it was late, brings both columns for everybody."""
    came = HandedIn(at="2026-11-22T23:58:10+01:00", late=True)
    write_csv([report("a", handed_in=came), report("b")], tmp_path / "g.csv")
    head, first, second = table(tmp_path / "g.csv")
    assert head[5:7] == ["late", "handed_in_at"]
    assert first[5:7] == ["yes", "2026-11-22T23:58:10+01:00"]
    assert second[5:7] == ["", ""]


def test_a_roster_s_formulas_are_disarmed(tmp_path: Path) -> None:
    """Names, sections and addresses of a roster are no safer than handles."""
    people = Roster((person("s", name="=1+1", section="@SUM(A1)", email="-1\n=2"),))
    write_csv([report("s")], tmp_path / "g.csv", people)
    assert table(tmp_path / "g.csv")[1][1:4] == ["'=1+1", "'@SUM(A1)", "'-1 =2"]


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


def test_anonymous_pages_name_nobody(tmp_path: Path) -> None:
    """No page, no spreadsheet and no file name holds a handle, a name, an address or a file."""
    came = HandedIn(counts="newest", others=("ana-draft.ipynb",), flags=("as bela's", "folder ana"))
    fields = {"file": "ana.ipynb", "notes": ("ana's cell",), "flags": ("copied from bela",)}
    reports = [mixed("ana", handed_in=came, **fields), not_graded("bela", reason="bela.zip: gone")]
    reports += [unreadable("stranger", reason="stranger.zip is empty"), report("ana", "a2")]
    secrets = ["ana", "bela", "chen", "stranger", "lópez", "علي", "example.org", ".zip", "x @ w"]
    people = Roster(tuple(person(h, n) for n, h in enumerate(["ana", "bela", "chen"], 1)))
    write_pages(reports, tmp_path, [report("ana"), mixed("gone")], people, anonymous=True)
    written = [path for path in tmp_path.rglob("*") if path.name != "plotly.min.js"]
    texts = [path.read_text(encoding="utf-8") for path in written if path.is_file()]
    assert len(texts) == 6
    for text in [*texts, *(path.name for path in written)]:
        assert [word for word in secrets if word in text.casefold()] == []


def test_an_anonymous_label_is_the_same_everywhere(tmp_path: Path) -> None:
    """The label with 30 points in the spreadsheet has 30 points on its page and its class page."""
    reports = [*(report(f"s{n:04d}") for n in range(1, 9)), mixed("s0009")]
    index = write_pages(reports, tmp_path, roster=roster(10), anonymous=True)
    lines = table(tmp_path / "grades.csv")
    (label,) = [line[0] for line in lines if "30" in line]
    page = tmp_path / "students" / f"a1_layers--{label.replace(' ', '~20')}.html"
    assert "30 of 100 points" in Page(page.read_text(encoding="utf-8")).text
    class_page = index.read_text(encoding="utf-8")
    assert f'"student":"{label}","name":"",' in class_page
    assert "Names are hidden" in class_page
    assert [line[0] for line in lines[1:]] == [f"Student {n}" for n in range(1, 11)]


def test_anonymous_pages_never_lie_beside_pages_with_names(tmp_path: Path) -> None:
    """A folder that holds pages with names is refused untouched; one's own pages are replaced."""
    reports = [report("ana"), report("bela")]
    index = write_pages(reports, tmp_path / "named")
    before = index.read_bytes()
    with pytest.raises(UsageError, match="students: holds pages of another report"):
        write_pages(reports, tmp_path / "named", anonymous=True)
    assert index.read_bytes() == before
    for _ in range(2):
        write_pages(reports, tmp_path / "hidden", anonymous=True)


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

"""The CSVs that learning management systems import, read by the rules of their importers."""

import csv
import io
import re
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pytest

from autograder.errors import UsageError
from autograder.integrations import lms_grades
from autograder.integrations.export import export
from autograder.integrations.options import Target
from autograder.model import Person
from autograder.submissions.roster import Roster
from tests.report.factory import classroom, mixed, not_graded, person, report, roster, unreadable

NEVER = datetime(1970, 1, 1)  # what PHP makes of a date that it cannot read


@dataclass(frozen=True)
class Moodle:
    """One assignment in Moodle, and its importer (mod/assign/feedback/offline)."""

    people: tuple[str, ...]  # the participants' numbers
    maximum: float = 100
    identifier: str = "Identifier"
    grade: str = "Grade"
    modified: str = "Last modified (grade)"
    participant: str = "Participant "
    comma: bool = False
    graded: tuple[tuple[str, float, datetime], ...] = ()  # number, grade and when it was given

    def imports(self, path: Path, anew: bool = False) -> dict[str, float]:
        """The grades that change, or no import at all."""
        text = path.read_bytes().decode("utf-8").removeprefix("\ufeff")
        head, *rows = csv.reader(io.StringIO(re.sub("\r\n?", "\n", text)))
        assert all(len(row) == len(head) for row in rows), "csvweirdcolumns"
        at = {wanted: head.index(wanted) for wanted in (self.identifier, self.grade, self.modified)}
        read = ({word: row[place] for word, place in at.items()} for row in rows)
        found = {row[self.identifier][len(self.participant) :]: row for row in read}
        return {
            number: self._number(row[self.grade])
            for number, row in found.items()
            if number in self.people and self._takes(number, row, anew)
        }

    def _takes(self, number: str, row: dict[str, str], anew: bool) -> bool:
        known = {one: (grade, when) for one, grade, when in self.graded}
        old, when = known.get(number, (None, NEVER))
        if not row[self.grade] or self._number(row[self.grade]) == old:
            return False
        stale = (when - self._date(row[self.modified])).total_seconds() > 60
        return (anew or not stale) and 0 <= self._number(row[self.grade]) <= self.maximum

    def _number(self, cell: str) -> float:
        """What PHP makes of a text once the site's own decimal separator is a point."""
        plain = cell.strip().replace(",", ".") if self.comma else cell.strip()
        return float(re.match(r"\d*\.?\d*", plain)[0] or 0)

    @staticmethod
    def _date(cell: str) -> datetime:
        try:
            return datetime.strptime(cell, "%A, %d %B %Y, %I:%M %p")
        except ValueError:
            return NEVER


@dataclass(frozen=True)
class Canvas:
    """A course in Canvas, and its importer (GradebookImporter)."""

    people: tuple[tuple[str, str, str, str], ...]  # name, id, SIS user id, SIS login id
    titles: tuple[tuple[str, str], ...] = ()  # number and title of each assignment

    def imports(self, path: Path) -> dict[tuple[str, str], str]:
        """The grades by name and title; whom or what it does not know it would make anew."""
        lines = path.read_bytes().decode("utf-8").splitlines()[:3]
        counts = {mark: {len(next(csv.reader([line], delimiter=mark))) for line in lines}
                  for mark in ",;"}  # fmt: skip
        widths = {mark: max(found) if len(found) == 1 else 0 for mark, found in counts.items()}
        mark = ";" if widths[";"] > widths[","] else ","
        with path.open(encoding="utf-8", newline="") as file:
            head, *rows = csv.reader(file, delimiter=mark)
        assert len(head) > 3
        assert "Student" in head[0], "the mark at the start of the file may stand before it"
        assert "ID" in head[1]
        ids = 4 if "SIS User ID" in head else 3
        assert "Section" in head[ids], "Invalid header row"
        return {
            (self._person(row, ids), self._title(head[at])): re.sub(r"(\d),(\d)", r"\1.\2", row[at])
            for row in rows
            if "Points Possible" not in row[0] and not self._of_columns(row)
            for at in range(ids + 1, len(head))
            if not re.search("(Current|Final) (Score|Points|Grade)", head[at])
        }

    @staticmethod
    def _of_columns(row: list[str]) -> bool:
        return all(re.fullmatch(r"\s*(Muted|Manual Posting.*)?\s*", cell) for cell in row)

    def _person(self, row: list[str], ids: int) -> str:
        logins = row[2:ids] if ids == 4 else ["", row[2]]
        for name, own, sis, login in self.people:
            if row[1] == own or (sis and logins[0] == sis) or (login and logins[1] == login):
                return name
        return next((one[0] for one in self.people if one[0] == row[0]), f"new: {row[0]}")

    def _title(self, head: str) -> str:
        found = re.fullmatch(r"(.*)\s\((\d+)\)", head)
        known = dict(self.titles)
        if found and found[2] in known:
            return known[found[2]]
        return head if head in known.values() else f"new: {head}"


def read(path: Path, delimiter: str = ",", encoding: str = "utf-8-sig") -> list[list[str]]:
    """All rows of a CSV."""
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.reader(file, delimiter=delimiter))


JANE = person("jane", name="Jane Doe", section="B", ids=(
    ("canvas_id", "4711"), ("sis_id", "S1"), ("login_id", "jdoe"), ("moodle_id", "Participant 41"),
))  # fmt: skip
ANN = person("ann", name="Ann Roe", section="", ids=(("canvas_id", "12"), ("moodle_id", "42")))
TINA = person("tina", role="ta", ids=(("canvas_id", "1"),))
ROSTER = Roster((TINA, JANE, ANN))


def test_canvas_gets_ids_points_and_no_grade_for_what_was_not_graded(tmp_path):
    """Canvas's import has its five columns, points possible on top, and an empty cell for none."""
    reports = [report("doejane_4711"), mixed("ada"), unreadable("eve_1"), not_graded("roe_12")]
    lms_grades.write_canvas(reports, tmp_path / "canvas.csv")
    head, possible, *rows = read(tmp_path / "canvas.csv")
    assert head == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "a1_layers"]
    assert possible == ["    Points Possible", "", "", "", "", "100"]
    assert rows == [
        ["ada", "", "", "ada", "", "30"],
        ["doejane", "4711", "", "", "", "100"],
        ["eve", "1", "", "", "", "0"],
        ["roe", "12", "", "", "", ""],
    ]


def test_canvas_gets_the_roster_in_its_order_with_its_ids(tmp_path):
    """Who submitted nothing has a row and no grade; strangers come last."""
    reports = [report("zed"), mixed("jane"), report("jane", "a2_activations")]
    lms_grades.write_canvas(reports, tmp_path / "canvas.csv", ROSTER)
    head, _, *rows = read(tmp_path / "canvas.csv")
    assert head[5:] == ["a1_layers", "a2_activations"]
    assert rows == [
        ["Jane Doe", "4711", "S1", "jdoe", "B", "30", "100"],
        ["Ann Roe", "12", "", "", "", "", ""],
        ["zed", "", "", "zed", "", "100", ""],
    ]


def test_canvas_finds_everybody_in_the_written_sheet(tmp_path):
    """Its importer knows each person by the ids, and the assignment by its title."""
    people = (("Doe, Jane", "4711", "", ""), ("Roe, Ann", "12", "", ""))
    canvas = Canvas(people, (("9", "a1_layers"),))
    lms_grades.write_canvas([mixed("jane")], tmp_path / "canvas.csv", ROSTER)
    assert canvas.imports(tmp_path / "canvas.csv") == {
        ("Doe, Jane", "a1_layers"): "30",
        ("Roe, Ann", "a1_layers"): "",
    }


@pytest.mark.parametrize("handle", ["anon_77", "submission_77"])
def test_a_number_that_is_no_persons_is_no_id(tmp_path, handle):
    """Anonymous keys and numbers of submissions are not written where Canvas reads user ids."""
    lms_grades.write_canvas([report(handle)], tmp_path / "canvas.csv")
    assert read(tmp_path / "canvas.csv")[2][:4] == [handle, "", "", handle]


def test_digits_in_a_login_are_no_id(tmp_path):
    """A handle of the roster is written as it is, whatever a system's would look like."""
    people = Roster((Person("smith_12", "Anna Smith"),))
    lms_grades.write_canvas([mixed("smith_12")], tmp_path / "c.csv", people)
    lms_grades.write_moodle([mixed("smith_12")], tmp_path / "m.csv", people)
    with open(tmp_path / "c.csv", encoding="utf-8-sig", newline="") as file:
        (row,) = (row for row in csv.DictReader(file) if row["Student"] == "Anna Smith")
    assert (row["ID"], row["SIS Login ID"]) == ("", "smith_12")
    assert "Participant" not in (tmp_path / "m.csv").read_text(encoding="utf-8-sig")


def test_moodle_gets_its_worksheet_with_feedback(tmp_path):
    """Moodle's worksheet identifies participants by number and carries the first remarks."""
    reports = [mixed("Jane Doe_41"), not_graded("roe"), report("eve@example.org")]
    remarks = lms_grades.write_moodle(reports, tmp_path / "moodle.csv")
    head, jane, roe, eve = read(tmp_path / "moodle.csv")
    assert head == [
        "Identifier", "Full name", "Email address", "Status", "Grade", "Maximum Grade",
        "Last modified (grade)", "Feedback comments",
    ]  # fmt: skip
    assert jane[:7] == [
        "Participant 41", "Jane Doe", "", "Submitted for grading", "30", "100", "-",
    ]  # fmt: skip
    assert "Which axis of the weight counts the inputs?" in jane[7]
    assert roe[:5] == ["", "roe", "", "Submitted for grading", ""]
    assert eve[:5] == ["", "", "eve@example.org", "Submitted for grading", "100"]
    assert remarks[1] == "Without Identifier, which Moodle passes over: roe, eve@example.org."
    assert "--into" in remarks[0]


def test_moodle_takes_the_written_sheet(tmp_path):
    """Its importer finds its columns and people; a grade that it has stays, unless told."""
    lms_grades.write_moodle([mixed("jane"), report("ann")], tmp_path / "moodle.csv", ROSTER)
    moodle = Moodle(("41", "42"), graded=(("42", 7.0, datetime(2026, 11, 1)),))
    assert moodle.imports(tmp_path / "moodle.csv") == {"41": 30}
    assert moodle.imports(tmp_path / "moodle.csv", anew=True) == {"41": 30, "42": 100}


def test_moodle_gets_the_roster_in_its_order(tmp_path):
    """Who submitted nothing has a row without a grade, never with a zero."""
    lms_grades.write_moodle([mixed("jane")], tmp_path / "moodle.csv", ROSTER)
    _, jane, ann = read(tmp_path / "moodle.csv")
    assert jane[:3] == ["Participant 41", "Jane Doe", "jane@example.org"]
    assert ann == [
        "Participant 42", "Ann Roe", "ann@example.org", "No submission", "", "100", "-", "",
    ]  # fmt: skip


def test_moodle_refuses_two_assignments_in_one_worksheet(tmp_path):
    """A worksheet belongs to one assignment, so two are refused with the way out."""
    reports = [report("ada"), report("ada", "a2_activations")]
    with pytest.raises(UsageError, match="one worksheet for each assignment"):
        lms_grades.write_moodle(reports, tmp_path / "moodle.csv")


@pytest.mark.parametrize(("target", "heads"), [("csv", 1), ("canvas", 2), ("moodle", 1)])
def test_a_class_of_300_of_310_has_310_rows(tmp_path, target, heads):
    """Ten who submitted nothing are in every sheet of grades."""
    path = tmp_path / "out.csv"
    exported = export(classroom(300), Target(target), None, path, roster=roster(310))
    assert len(read(path)) == 310 + heads
    assert exported.made == str(path)


@pytest.mark.parametrize("write", lms_grades.WRITERS.values(), ids=list(lms_grades.WRITERS))
def test_no_cell_is_a_formula(tmp_path, write):
    """Whatever a student is called, no spreadsheet computes it."""
    write(
        [report('=HYPERLINK("http://example.org")_1'), report("@SUM(1)")], tmp_path / "x.csv", None
    )
    cells = [cell for row in read(tmp_path / "x.csv") for cell in row[:5]]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    assert any("HYPERLINK" in cell for cell in cells)


def test_canvas_gets_the_ids_of_the_roster_as_they_are(tmp_path):
    """An ID that looks like a formula is left whole, and said; a stranger's handle is not."""
    odd = replace(JANE, ids=(("sis_id", "-17"),))
    reports = [report("jane"), report("=1+1")]
    remarks = lms_grades.write_canvas(reports, tmp_path / "canvas.csv", Roster((odd,)))
    _, _, jane, stranger = read(tmp_path / "canvas.csv")
    assert jane[:4] == ["Jane Doe", "", "-17", ""]
    assert stranger[3] == "'=1+1"
    assert remarks == (
        "A spreadsheet would compute an ID; import the file unopened: jane.",
        "Changed so that no spreadsheet computes it; Canvas may not know it: =1+1.",
    )


@pytest.mark.parametrize("write", lms_grades.WRITERS.values(), ids=list(lms_grades.WRITERS))
def test_excel_reads_every_name_right(tmp_path, write):
    """The mark at the start tells Excel that the sheet is in UTF-8."""
    people = Roster((Person("zoe", "Zoë Łuk"),))
    write([report("zoe")], tmp_path / "x.csv", people)
    data = (tmp_path / "x.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    assert "Zoë Łuk".encode() in data

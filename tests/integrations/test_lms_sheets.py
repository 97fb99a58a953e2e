"""Sheets that were downloaded from Canvas or Moodle, filled in and read by the importers' rules."""

import csv
import io
import random
import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.errors import UsageError
from autograder.integrations.export import export
from autograder.integrations.lms_grades import MOODLE_LANGUAGES
from autograder.integrations.options import Target
from autograder.integrations.sheets.canvas import fill_canvas
from autograder.integrations.sheets.moodle import fill_moodle
from autograder.model import Counted, Person, Report
from autograder.submissions.roster import Roster
from tests.integrations.test_lms import Canvas, Moodle, read
from tests.report.factory import classroom, exercise, mixed, not_graded, report, roster

CANVAS = '''\
Student,ID,SIS User ID,SIS Login ID,Section,Notes,Layers and outputs (77),Quiz (78),\
Current Score,Final Score
,,,,,,Manual Posting,,,
    Points Possible,,,,,,100.00,10.00,(read only),(read only)
"Doe, Jane",4711,S1,jdoe,"B, ""late""",=1+1,,9.00,90.00,45.00
"Roe, Ann",12,S2,aroe,A,,,,,
"Öz, Zoë",13,S3,zoe@uni.example,A,,55.00,8.50,,
"Student, Test",99,,f00d,A,,,,,
'''
TITLES = {"a1_layers": "Layers and outputs"}
MOODLE = """\
Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,\
Last modified (submission),Online text,Last modified (grade),Feedback comments
Participant 41,Jane Doe,jane@example.org,Submitted for grading,,100.00,Yes,-,"a
""b"", c",-,
Participant 42,Ann Roe,ann@example.org,No submission,55.00,100.00,Yes,-,,\
"Monday, 2 November 2026, 10:00 AM",<p>Well</p>
Participant 43,Zoë Öz,zoe@example.org,Submitted for grading,,100.00,No,-,,-,
"""
PEOPLE = (
    ("Doe, Jane", "4711", "S1", "jdoe"),
    ("Roe, Ann", "12", "S2", "aroe"),
    ("Öz, Zoë", "13", "S3", "zoe@uni.example"),
    ("Student, Test", "99", "", "f00d"),
)


@pytest.fixture
def sheet(tmp_path):
    """Writes a downloaded sheet of some form."""

    def write(
        text: str, encoding: str = "utf-8", newline: str = "\n", delimiter: str = ","
    ) -> Path:
        rows = csv.reader(io.StringIO(text, newline=""))
        path = tmp_path / "downloaded.csv"
        with path.open("w", encoding=encoding, newline="") as file:
            csv.writer(file, delimiter=delimiter, lineterminator=newline).writerows(rows)
        return path

    return write


def changes(before: Path, after: Path, **form: str) -> dict[tuple[int, int], str]:
    """What was written where; everything else is the same."""
    old, new = read(before, **form), read(after, **form)
    assert [len(row) for row in old] == [len(row) for row in new]
    return {
        (y, x): cell
        for y, (row, was) in enumerate(zip(new, old, strict=True))
        for x, cell in enumerate(row)
        if cell != was[x]
    }


def known(handle: str, name: str = "", email: str = "", **ids: str) -> Person:
    """Somebody of a roster."""
    return Person(handle, name, email, ids=tuple(ids.items()))


def scored(handle: str, points: float) -> Report:
    """A result of so many points."""
    return report(handle, exercises=(exercise(score=points),))


# --- Canvas ---------------------------------------------------------------------------------------


def test_a_gradebook_is_filled_in_and_nothing_else_changes(sheet, tmp_path):
    """Only the grades of those who have one are written, and Canvas finds them all."""
    into, out = sheet(CANVAS), tmp_path / "out.csv"
    people = Roster((known("jane", canvas_id="4711"), known("ann", login_id="AROE")))
    remarks = fill_canvas([mixed("jane"), report("ann")], into, out, people, TITLES)
    assert changes(into, out) == {(3, 6): "30", (4, 6): "100"}
    found = Canvas(PEOPLE, (("77", "Layers and outputs"), ("78", "Quiz"))).imports(out)
    grades = {name: grade for (name, title), grade in found.items() if title in TITLES.values()}
    assert grades == {"Doe, Jane": "30", "Roe, Ann": "100", "Öz, Zoë": "55.00", "Student, Test": ""}
    assert not [
        name for pair in found for name in pair if name.startswith("new") and name != "new: Notes"
    ]
    assert remarks == (
        "Layers and outputs (77): People of the sheet without a result: Öz, Zoë, Student, Test.",
    )


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_the_form_of_the_sheet_is_kept(sheet, tmp_path, encoding, delimiter, newline):
    """Alphabet, mark, delimiter and line ends are those of the sheet."""
    into = sheet(CANVAS, encoding, newline, delimiter)
    fill_canvas([mixed("doejane_4711")], into, tmp_path / "out.csv", None, TITLES)
    text = into.read_bytes().decode(encoding)
    wanted = text.replace("=1+1" + delimiter, "=1+1" + delimiter + "30", 1)
    assert (tmp_path / "out.csv").read_bytes() == wanted.encode(encoding)


def test_excels_own_first_line_is_left_out(sheet, tmp_path):
    """What tells Excel the delimiter is no row, and nothing that Canvas takes back."""
    into, plain = sheet("sep=;\n" + CANVAS, delimiter=";"), tmp_path / "plain.csv"
    plain.write_bytes(into.read_bytes().partition(b"\n")[2])
    for path in (into, plain):
        fill_canvas([mixed("doejane_4711")], path, path.with_suffix(".out"), None, TITLES)
    assert into.with_suffix(".out").read_bytes() == plain.with_suffix(".out").read_bytes()


def test_numbers_are_written_as_the_sheet_writes_them(sheet, tmp_path):
    """A sheet with decimal commas gets commas; a cell that holds the number already stays."""
    text = 'Student,ID,SIS Login ID,Section,a1_layers (1)\nJane,1,jane,,\nZoë,2,zoe,,"7,50"\n'
    into, out = sheet(text, delimiter=";"), tmp_path / "out.csv"
    fill_canvas([scored("jane", 12.5), scored("zoe", 7.5)], into, out)
    assert changes(into, out, delimiter=";") == {(1, 4): "12,5"}
    mixed_up = sheet(text + "Ann,3,ann,,8.25\n")
    fill_canvas([scored("jane", 12.5)], mixed_up, out)
    assert changes(mixed_up, out) == {(1, 4): "12.5"}


def test_a_row_that_is_cut_short_gets_its_grade(sheet, tmp_path):
    """Spreadsheets leave out empty cells at the end of a row."""
    into, out = (
        sheet("Student,ID,SIS Login ID,Section,a1_layers (1)\nJane,1,jane\n"),
        tmp_path / "o",
    )
    fill_canvas([mixed("jane")], into, out)
    assert read(out)[1] == ["Jane", "1", "jane", "", "30"]


WHO = {
    "Canvas's id": known("x", canvas_id="4711", login_id="changed"),
    "SIS id": known("x", sis_id="s1"),
    "login": known("x", login_id="JDOE"),
    "the handle is the login": known("jdoe"),
    "the handle has the id, and the name agrees": known("doejane_4711"),
    "the handle has the id, and the roster's name agrees": known("doejane_4711", "Jane Doe"),
    "a name": known("x", "Jane Doe"),
    "a name as Canvas sorts it": known("x", "DOE, jane"),
    "a name in letters of another width": known("x", "Ｊａｎｅ Ｄｏｅ"),
}
NOT = {
    "the id is somebody else's": known("x", "Jane Doe", canvas_id="5"),
    "the login is somebody else's": known("jdoe", "Jane Doe", login_id="other"),
    "the handle's number belongs to another name": known("Team_4711"),
    "the handle's number is another's": known("doejane_4712"),
    "nothing fits": known("x", "Jane Doering"),
}


@pytest.mark.parametrize("person", WHO.values(), ids=list(WHO))
def test_a_row_is_found_by_ids_and_last_by_the_name(sheet, tmp_path, person):
    """Each of these is Jane; where it is her name alone, a remark says so."""
    into, out = sheet(CANVAS), tmp_path / "out.csv"
    remarks = fill_canvas([mixed(person.student)], into, out, Roster((person,)), TITLES)
    assert changes(into, out) == {(3, 6): "30"}
    by_name = person.student == "x" and not person.ids
    assert (f"Matched by the name alone: {person.name} (x)." in remarks) == by_name


@pytest.mark.parametrize("person", NOT.values(), ids=list(NOT))
def test_nobody_gets_another_ones_grade(sheet, tmp_path, person):
    """Where an id contradicts, neither name nor number finds the row; the result is listed."""
    into, out = sheet(CANVAS), tmp_path / "out.csv"
    remarks = fill_canvas([mixed(person.student)], into, out, Roster((person,)), TITLES)
    assert changes(into, out) == {}
    assert any("Results without a row" in remark and person.student in remark for remark in remarks)


def test_a_name_that_two_people_bear_finds_nobody(sheet, tmp_path):
    """Two of one name in the roster or in the sheet are never told apart by it."""
    out = tmp_path / "out.csv"
    twins = Roster((known("x", "Jane Doe"), known("y", "Jane Doe")))
    into = sheet(CANVAS)
    fill_canvas([mixed("x")], into, out, twins, TITLES)
    assert changes(into, out) == {}
    into = sheet(CANVAS.replace("Roe, Ann", "Doe, Jane"))
    fill_canvas([mixed("x")], into, out, Roster(twins.people[:1]), TITLES)
    assert changes(into, out) == {}


def test_a_strangers_handle_is_no_name(sheet, tmp_path):
    """With a roster, what somebody called a file is not taken for a person of the sheet."""
    into, out = sheet(CANVAS), tmp_path / "out.csv"
    fill_canvas([mixed("Jane Doe")], into, out, Roster((known("ann"),)), TITLES)
    assert changes(into, out) == {}
    fill_canvas([mixed("Jane Doe")], into, out, None, TITLES)
    assert changes(into, out) == {(3, 6): "30"}


def test_two_results_for_one_row_are_refused(sheet, tmp_path):
    """Which of them counts must be said."""
    with pytest.raises(UsageError, match=r"row 4 \(Doe, Jane\) fits the results of .*jdoe"):
        fill_canvas(
            [mixed("jdoe"), report("doejane_4711")], sheet(CANVAS), tmp_path / "o", None, TITLES
        )
    assert not (tmp_path / "o").exists()


def test_one_result_for_two_rows_is_refused(sheet, tmp_path):
    """A sheet that has somebody twice must be corrected."""
    into = sheet(CANVAS.replace("S2,aroe", "S1,aroe"))
    with pytest.raises(UsageError, match="fits the rows 4, 5"):
        fill_canvas([mixed("x")], into, tmp_path / "o", Roster((known("x", sis_id="S1"),)), TITLES)
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize(
    ("head", "column"),
    [("a1_layers (5)", None), ("LAYERS AND outputs", None), ("Homework", "homework"),
     ("Homework (9)", "Homework (9)"), ("Homework (9)", "homework")],
)  # fmt: skip
def test_the_column_is_found_by_title_or_name_or_said(sheet, tmp_path, head, column):
    """Capitals do not matter, nor whether Canvas's number stands after it."""
    into, out = sheet(CANVAS.replace("Layers and outputs (77)", head)), tmp_path / "out.csv"
    fill_canvas([mixed("jdoe")], into, out, None, TITLES, column)
    assert changes(into, out) == {(3, 6): "30"}


@pytest.mark.parametrize(
    ("old", "new", "column", "match"),
    [
        ("Layers and outputs (77)", "HW (77)", None,
         r"called a1_layers or Layers and outputs.*are: Notes; HW \(77\); Quiz \(78\)\.$"),
        ("Quiz (78)", "Layers and outputs (78)", None, "2 columns are called"),
        ("Quiz", "Quiz", "Final Score", "no columns are called Final Score"),
    ],
)  # fmt: skip
def test_a_column_that_is_unclear_is_asked_about(sheet, tmp_path, old, new, column, match):
    """The columns that can be filled in are listed; what Canvas computes is none of them."""
    with pytest.raises(UsageError, match=match):
        fill_canvas(
            [mixed("jdoe")], sheet(CANVAS.replace(old, new)), tmp_path / "o", None, TITLES, column
        )


def test_several_assignments_are_filled_in_at_once(sheet, tmp_path):
    """Each has its own column and its own remarks; another number there is replaced, and said."""
    into, out = sheet(CANVAS), tmp_path / "out.csv"
    reports = [
        mixed("jdoe"),
        report("jdoe", "quiz", max_score=20.0),
        report("aroe", "quiz", max_score=20.0),
    ]
    remarks = fill_canvas(reports, into, out, None, TITLES)
    assert changes(into, out) == {(3, 6): "30", (3, 7): "100", (4, 7): "100"}
    assert "Quiz (78): 10 points can be had in the sheet and 20 here; " in remarks[1]
    assert remarks[2] == "Quiz (78): Another grade was replaced: Doe, Jane (9.00)."
    with pytest.raises(UsageError, match="takes one assignment"):
        fill_canvas(reports, into, out, None, TITLES, "Quiz (78)")


@pytest.mark.parametrize("cell", ["EX", "n/a"])
def test_who_is_excused_stays_excused(sheet, tmp_path, cell):
    """What Canvas writes for an excuse, or for an assignment that is not theirs, stays."""
    into, out = sheet(CANVAS.replace("55.00", cell)), tmp_path / "out.csv"
    remarks = fill_canvas([report("zoe@uni.example")], into, out, None, TITLES)
    assert changes(into, out) == {}
    assert "left: Öz, Zoë." in remarks[0]


def test_who_is_excused_here_is_excused_there(sheet, tmp_path):
    """Canvas takes EX in a grade's place, and the grade that stood there is told."""
    into, out = sheet(CANVAS), tmp_path / "out.csv"
    excused = report("zoe@uni.example", counted=Counted(None, "excused", excused=True))
    remarks = fill_canvas([excused], into, out, None, TITLES)
    assert list(changes(into, out).values()) == ["EX"]
    assert "Another grade was replaced: Öz, Zoë (55.00)." in remarks[0]


def test_what_was_not_graded_leaves_the_sheet_alone(sheet, tmp_path):
    """A machine that failed neither empties a cell nor writes a zero."""
    into, out = sheet(CANVAS), tmp_path / "out.csv"
    remarks = fill_canvas([not_graded("zoe@uni.example")], into, out, None, TITLES)
    assert changes(into, out) == {}
    assert "Not graded here, so left as in the sheet: Öz, Zoë." in remarks[0]


def test_long_lists_of_names_are_cut(sheet, tmp_path):
    """Ten names and how many more; the names keep no control characters."""
    rows = "".join(f"P{n:02}\x1b[31m,{n},,p{n},A,,,,,\n" for n in range(100, 113))
    remarks = fill_canvas([mixed("jdoe")], sheet(CANVAS + rows), tmp_path / "o", None, TITLES)
    assert remarks[0].endswith("P104, P105, P106 and 6 more.")


def test_first_and_last_name_may_have_columns_of_their_own(sheet, tmp_path):
    """Canvas's other form of the export names people in two columns."""
    text = CANVAS.replace("Student,", "LastName,FirstName,", 1).replace('"Doe, Jane"', "Doe,Jane")
    text = text.replace(",,,,,,Manual", ",,,,,,,Manual").replace("Possible,", "Possible,,")
    into = sheet("".join(text.splitlines(keepends=True)[:4]))
    fill_canvas([mixed("doejane_4711")], into, tmp_path / "out.csv", None, TITLES)
    assert changes(into, tmp_path / "out.csv") == {(3, 7): "30"}


# --- Moodle ---------------------------------------------------------------------------------------


def test_a_worksheet_is_filled_in_and_nothing_else_changes(sheet, tmp_path):
    """Grades and feedback are written; Moodle's rules on dates and locks find what they need."""
    into, out = sheet(MOODLE), tmp_path / "out.csv"
    reports = [mixed("Jane Doe_41"), mixed("ann@example.org"), report("Zoë Öz_43"), report("eve")]
    remarks = fill_moodle(reports, into, out)
    found = changes(into, out)
    assert "Which axis" in found.pop((1, 10))
    assert found == {(1, 4): "30", (2, 4): "30"}
    assert remarks == (
        "Moodle lets nobody change the grade, so left: Zoë Öz.",
        "Results without a row: eve.",
        "Another grade was replaced: Ann Roe (55.00).",
        "The feedback of the sheet was kept: Ann Roe.",
    )
    graded = (("42", 55.0, datetime(2026, 11, 2, 10, 0, 30)),)
    assert Moodle(("41", "42", "43"), graded=graded).imports(out) == {"41": 30, "42": 30}
    later = (("42", 60.0, datetime(2026, 11, 3)),)
    assert Moodle(("41", "42", "43"), graded=later).imports(out) == {"41": 30}


PARTICIPANT = ("Participant ", "Teilnehmer/in", "Participant", "Participante ", "Participante",
               "Participante", "Partecipante", "Deelnemer ", "Uczestnik")  # fmt: skip


@pytest.mark.parametrize(
    ("words", "participant"), list(zip(MOODLE_LANGUAGES, PARTICIPANT, strict=True))
)
def test_a_worksheet_of_any_language_is_filled_in(sheet, tmp_path, words, participant):
    """Columns, numbers and the word for No are those of the site."""
    for number in range(max(map(len, words.values()))):
        word = {column: options[number % len(options)] for column, options in words.items()}
        text = MOODLE.replace(",No,", f",{word['no']},").replace("Participant ", participant)
        english = {column: options[0] for column, options in MOODLE_LANGUAGES[0].items()}
        for column in sorted(english, key=lambda c: -len(english[c])):
            if column not in ("scale", "no"):
                text = text.replace(english[column], word[column], 1)
        text = text.replace("100.00", '"100,00"').replace("55.00", "")
        into, out = sheet(text), tmp_path / "out.csv"
        people = Roster(
            (known("j", "Jane Doe", moodle_id="41"), known("z", email="ZOE@example.org"))
        )
        remarks = fill_moodle([scored("j", 12.5), report("z")], into, out, people)
        assert changes(into, out) == {(1, 4): "12,5"}
        moodle = Moodle(("41", "42", "43"), 100, word["identifier"], word["grade"],
                        word["modified"], participant, comma=True)  # fmt: skip
        assert moodle.imports(out) == {"41": 12.5}
        assert remarks[0] == "Moodle lets nobody change the grade, so left: Zoë Öz."


def test_a_worksheet_of_an_unknown_language_is_read_by_what_stands_in_it(sheet, tmp_path):
    """One word and a number for each person, one number for all beside the grades."""
    head, _, rows = MOODLE.partition("\n")
    rows = re.sub("^Participant", "Ryhmä 1,Osallistuja", rows, flags=re.MULTILINE)
    rows = rows.replace("@example.org,", "@example.org,2026,Aine,2026,")
    heads = ",".join(f"Otsikko {n}" for n in range(1, head.count(",") + 6))
    into, out = sheet(f"{heads}\n{rows}"), tmp_path / "out.csv"
    fill_moodle([mixed("Jane Doe_41"), mixed("ann@example.org")], into, out)
    assert changes(into, out) == {(1, 8): "30", (2, 8): "30"}


MOODLE_WHO = {
    "address": known("x", "Changed", "JANE@example.org"),
    "login beside the address": known("x", login_id="jd1"),
    "number and name": known("x", "Jane Doe", moodle_id="Participant 41"),
    "number and no name": known("x", moodle_id="41"),
    "number of another assignment, and the only such name": known("x", "Jane Doe", moodle_id="7"),
}
MOODLE_NOT = {
    "number of another person": known("x", "Jane Doering", moodle_id="41"),
    "number of another address": known("x", "", "other@example.org", moodle_id="41"),
}


@pytest.mark.parametrize(
    ("person", "hers"),
    [(one, True) for one in MOODLE_WHO.values()] + [(one, False) for one in MOODLE_NOT.values()],
    ids=[*MOODLE_WHO, *MOODLE_NOT],
)
def test_a_participants_number_needs_the_consent_of_name_or_address(sheet, tmp_path, person, hers):
    """Moodle numbers people anew in each assignment, so a number alone may be somebody else's."""
    text = MOODLE.replace("Email address", "Email address,Username")
    text = re.sub(r"(\w)(\w+@example.org)", r"\1\2,\g<1>d1", text)
    into, out = sheet(text), tmp_path / "out.csv"
    fill_moodle([report("x")], into, out, Roster((person,)))
    assert changes(into, out) == ({(1, 5): "100"} if hers else {})


ANA = Person("ana", "Ana Lee", "ana.lee@x.org")
OWN_WORDS = """\
Identifier,Full name,Email address,{head},Status,Grade,Maximum Grade,Grade can be changed,\
Last modified (submission),Last modified (grade),Feedback comments
Participant 501,Ana Lee,ana.lee@x.org,Physics,Submitted,-,100.00,Yes,-,-,
Participant 502,Mallory Kay,mk@x.org,{said},Submitted,-,100.00,Yes,-,-,
"""


@pytest.mark.parametrize("said", ["ana", "ana.lee@x.org", "Ana Lee", "501", "s1"])
@pytest.mark.parametrize("head", ["Department", "City/town", "Institution", "Group", "Nickname"])
def test_what_people_say_of_themselves_is_no_identity(sheet, tmp_path, head, said):
    """Mallory's department is Ana's handle or address: Ana's points stay Ana's, for all others too.

    Known is she only by her number, by her name or by her address.
    """
    into, out = sheet(OWN_WORDS.format(head=head, said=said)), tmp_path / "out.csv"
    for person in (ANA, replace(ANA, email=""), replace(ANA, ids=(("sis_id", "s1"),))):
        fill_moodle([report("ana")], into, out, Roster((person,)))
        assert changes(into, out) == {(1, 5): "100"}
    fill_moodle([report("ana.lee@x.org")], into, out)
    assert changes(into, out) == {(1, 5): "100"}


@pytest.mark.parametrize("said", ["ana", "ana.lee@x.org", "s1"])
@pytest.mark.parametrize("head", ["Username", "ID number"])
def test_a_login_does_not_hold_against_the_name(sheet, tmp_path, head, said):
    """Where people choose their user names, one may be another person's handle or address."""
    into, out = sheet(OWN_WORDS.format(head=head, said=said)), tmp_path / "out.csv"
    for person in (ANA, replace(ANA, email="", ids=(("sis_id", "s1"),))):
        fill_moodle([report("ana")], into, out, Roster((person,)))
        assert changes(into, out) == {(1, 5): "100"}
    fill_moodle([report("ana.lee@x.org")], into, out)
    assert changes(into, out) == {(1, 5): "100"}


@pytest.mark.parametrize("said", ["ana", "ana.lee@x.org"])
def test_one_odd_cell_is_no_column_of_addresses(sheet, tmp_path, said):
    """In a language that nobody here knows, addresses stand where most people have one."""
    text = OWN_WORDS.format(head="Osasto", said=said).replace("Email address", "Otsikko")
    swapped = re.sub(r"(?m)^((?:[^,]*,){2})([^,]*),([^,]*),", r"\1\3,\2,", text)
    out = tmp_path / "out.csv"
    for one in (text, swapped):
        into = sheet(one)
        fill_moodle([report("ana")], into, out, Roster((replace(ANA, name=""),)))
        assert changes(into, out) == {(1, 5): "100"}


def test_a_canvas_login_does_not_hold_against_the_name(sheet, tmp_path):
    """Ann has chosen Jane's handle as her login: Jane's points are not hers."""
    into, out = sheet(CANVAS.replace("aroe", "jane")), tmp_path / "out.csv"
    fill_canvas([report("jane")], into, out, Roster((known("jane", "Jane Doe"),)), TITLES)
    assert changes(into, out) == {(3, 6): "100"}


def test_an_anonymous_worksheet_is_filled_in_by_number(sheet, tmp_path):
    """Where Moodle hides names, or hid them before, the participants' numbers have to do."""
    into, out = sheet(MOODLE), tmp_path / "out.csv"
    fill_moodle([report("Participant_41")], into, out)
    assert changes(into, out) == {(1, 4): "100"}
    text = MOODLE.replace("Full name,Email address,", "").replace("Jane Doe,jane@example.org,", "")
    text = text.replace("Ann Roe,ann@example.org,", "").replace("Zoë Öz,zoe@example.org,", "")
    people = Roster((known("jane", "Jane Doe", moodle_id="41"),))
    for handle, known_here in (("Participant_41", None), ("jane", people)):
        into = sheet(text)
        fill_moodle([report(handle)], into, out, known_here)
        assert changes(into, out) == {(1, 2): "100"}


def test_what_was_not_graded_has_no_feedback_in_moodle(sheet, tmp_path):
    """Why a machine failed is for the instructor's eyes."""
    into, out = sheet(MOODLE), tmp_path / "out.csv"
    fill_moodle([not_graded("Jane Doe_41")], into, out)
    assert changes(into, out) == {}


def test_long_texts_of_students_are_no_obstacle(sheet, tmp_path):
    """Moodle's sheet holds what students wrote online, however long."""
    into = tmp_path / "in.csv"
    into.write_text(MOODLE.replace('"a\n', '"' + 200_000 * "a"), encoding="utf-8")
    fill_moodle([mixed("Jane Doe_41")], into, tmp_path / "out.csv")
    cells = (tmp_path / "out.csv").read_text(encoding="utf-8")
    assert 200_000 * "a" in cells
    assert ",30,100.00," in cells


def test_other_points_are_said_and_a_grade_above_them_refused(sheet, tmp_path):
    """Both maxima are named; what Moodle would silently pass over is an error."""
    into, out = sheet(MOODLE.replace("100.00", "50.00")), tmp_path / "out.csv"
    remarks = fill_moodle([mixed("Jane Doe_41")], into, out)
    assert remarks[0].startswith("a1_layers: 50 points can be had in the sheet and 100 here")
    assert changes(into, out)[1, 4] == "30"
    with pytest.raises(UsageError, match=r"no grade above its maximum: Jane Doe \(100 of 50\)"):
        fill_moodle([report("Jane Doe_41")], into, tmp_path / "second.csv")
    assert not (tmp_path / "second.csv").exists()


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("Last modified (grade)", "x", "not a whole grading worksheet.*It has: Identifier; Full"),
        ("Maximum Grade", "Scale", "scale of words"),
    ],
)
def test_a_worksheet_that_moodle_would_refuse_is_refused(sheet, tmp_path, old, new, match):
    """The error says what is missing, and where the sheet comes from."""
    with pytest.raises(UsageError, match=match):
        fill_moodle([report("x")], sheet(MOODLE.replace(old, new)), tmp_path / "o")


def test_a_worksheet_belongs_to_one_assignment(sheet, tmp_path):
    """Two are refused with the way out."""
    with pytest.raises(UsageError, match="one worksheet for each assignment"):
        fill_moodle([report("x"), report("x", "a2")], sheet(MOODLE), tmp_path / "o")


def test_a_letter_that_the_sheets_alphabet_lacks_costs_no_grade(sheet, tmp_path):
    """Feedback in an older alphabet has a question mark for it."""
    into, out = sheet(MOODLE, "cp1252"), tmp_path / "out.csv"
    told = exercise(score=0.0, remarks=("Łatwo",))
    fill_moodle([report("Jane Doe_41", exercises=(told,))], into, out)
    assert changes(into, out, encoding="cp1252") == {(1, 4): "0", (1, 10): "linear: ?atwo"}


# --- both -----------------------------------------------------------------------------------------


def test_a_class_of_300_fills_a_sheet_of_310(sheet, tmp_path):
    """Each grade stands in its own person's row, whatever the order; ten stay empty."""
    people = roster(310)
    named = list(people.students)
    random.Random(3).shuffle(named)
    lines = [f'"{one.name}",{n},,{one.student},A,' for n, one in enumerate(named)]
    into = sheet("Student,ID,SIS User ID,SIS Login ID,Section,a1_layers (1)\n" + "\n".join(lines))
    reports = [one for one in classroom(300) if one.score]
    fill_canvas(reports, into, tmp_path / "out.csv", people)
    grades = {row[3]: float(row[5]) for row in read(tmp_path / "out.csv")[1:] if row[5]}
    assert grades == {one.student: one.score for one in reports}
    assert len(read(tmp_path / "out.csv")) == 311


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)


@given(rows=st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=6), delimiter=st.sampled_from(",;\t"))
def test_every_other_cell_stays_as_it_is(tmp_path_factory, rows, delimiter):
    """Quotes, line ends, formulas and spaces of others survive, byte for byte."""
    folder = tmp_path_factory.mktemp("sheets")
    into, out = folder / "in.csv", folder / "out.csv"
    head = ["Student", "ID", "SIS Login ID", "Section", "Other", "a1_layers (1)"]
    body = [[name, str(n), "", section, other, ""] for n, (name, section, other) in enumerate(rows)]
    with into.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(
            [head, *body, ["J", "", "jane", "", "", ""]]
        )
    fill_canvas([mixed("jane")], into, out)
    assert changes(into, out, delimiter=delimiter, encoding="utf-8") == {(len(rows) + 1, 5): "30"}


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (None, "cannot be read"),
        (b"", "is empty"),
        (b"PK\x03\x04\x00\x00", "workbook.*save it as CSV UTF-8"),
        (b'Student,ID\n"open', "is not a CSV file"),
        (b"\x81\x8d", "is not a CSV file"),
        (b"Name,Points\nx,1\n", "is not a gradebook that Canvas exported"),
    ],
)
def test_what_is_no_sheet_is_refused(tmp_path, data, match):
    """The error says what to do instead."""
    path = tmp_path / "x.csv"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(UsageError, match=match):
        fill_canvas([mixed("jane")], path, tmp_path / "o")


def test_the_export_writes_beside_the_sheet_and_never_into_it(sheet, tmp_path, course):
    """The download stays; the copy is filled in by the title that the course knows."""
    into = sheet(CANVAS)
    before = into.read_bytes()
    exported = export([mixed("jdoe")], Target.CANVAS, course, into=into)
    assert exported.made == str(tmp_path / "downloaded filled.csv")
    assert changes(into, tmp_path / "downloaded filled.csv") == {(3, 6): "30"}
    assert exported.remarks
    (tmp_path / "link.csv").hardlink_to(into)
    for out in (into, tmp_path / "link.csv"):
        with pytest.raises(UsageError, match="the sheet that you downloaded"):
            export([mixed("jdoe")], Target.CANVAS, course, out, into=into)
    assert into.read_bytes() == before


def test_moodles_worksheet_comes_with_its_remarks(sheet, tmp_path):
    """The export hands on what has to be known."""
    out = tmp_path / "new" / "out.csv"
    exported = export([report("eve")], Target.MOODLE, None, out, into=sheet(MOODLE))
    assert exported.made == str(out)
    assert exported.remarks[0] == "Results without a row: eve."


@pytest.mark.parametrize(
    ("target", "column", "match"),
    [
        (Target.GRADESCOPE, None, "imports no sheet of grades.*results.json for each submission"),
        (Target.JUNIT, None, "canvas or moodle, and not of junit"),
        (Target.NBGRADER, None, "canvas or moodle, and not of nbgrader"),
        (Target.MOODLE, "x", "--column belongs to canvas"),
    ],
)
def test_only_canvas_and_moodle_have_sheets_to_fill_in(sheet, target, column, match):
    """Whoever asks for another is told what there is."""
    with pytest.raises(UsageError, match=match):
        export([report("x")], target, None, into=sheet(MOODLE), column=column)


def test_a_column_without_a_sheet_is_refused(tmp_path):
    """The option is of no use alone."""
    with pytest.raises(UsageError, match="name that with --into"):
        export([report("x")], Target.CANVAS, None, tmp_path / "o", column="x")


def test_hw1_and_hw10_have_columns_of_their_own(tmp_path):
    """Each assignment's points go into its own column, by its whole name and never its start."""
    into, out = tmp_path / "in.csv", tmp_path / "out.csv"
    head = "Student,ID,SIS Login ID,Section,hw10 (2),hw1 (1)"
    into.write_text(f'{head}\nPoints Possible,,,,100,100\n"Doe, Jane",1,jane,A,,\n')
    reports = [
        replace(scored("jane", points), assignment=name)
        for name, points in (("hw1", 12.5), ("hw10", 7.5))
    ]
    fill_canvas(reports, into, out)
    assert out.read_text().splitlines()[-1].endswith(",7.5,12.5")

"""Rosters and the sheets of learning management systems, in any encoding and condition."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import strategies as st

from autograder.integrations.sheets.canvas import fill_canvas
from autograder.integrations.sheets.moodle import fill_moodle
from autograder.integrations.sheets.sheet import read_sheet
from autograder.submissions.roster import Roster, read_roster, write_roster
from autograder.submissions.roster_import import check, import_roster, merge
from tests.fuzz.support import changed, fuzzed, value_or_error
from tests.report.factory import report

CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,a1_layers (77),Current Score\n"
    "    Points Possible,,,,,18.0,(read only)\n"
    '"Doe, Jane",4711,s1,jane,Monday,3,20\n"Roe, Rob",4712,s2,rob,Monday,,\n'
)
MOODLE = (
    "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,"
    "Last modified (submission),Last modified (grade),Feedback comments\n"
    "Participant 4711,Jane Doe,jane@x.org,Submitted,,100.00,Yes,-,-,\n"
    "Participant 4712,Rob Roe,rob@x.org,Submitted,5.00,100.00,Yes,-,-,ok\n"
)
ROSTER = (
    "student,name,email,section,role,canvas_id\njane,Jane Doe,jane@x.org,Monday,student,4711\n"
    "rob,Rob Roe,rob@x.org,Monday,student,4712\nada,Ada,ada@x.org,,instructor,\n"
)
GRADESCOPE = "First Name,Last Name,SID,Email,Role\nJane,Doe,s1,jane@x.org,Student\n"
SIGNS = (
    b",", b";", b"\t", b'"', b'""', b'"\n', b"\r\n", b"student,", b",name", b"ID,", b"_id,", b"@",
    b"x" * 140_000, b'"' + b"y" * 140_000 + b'"', "é".encode("cp1252"), "é".encode("utf-16"),
    b"jane", b"4711", b"99999999999999999999999", b"1e999", b"Participant ", b"\xcc\x81", b"=1+1",
    "ß".encode(), "ı".encode(), b"Points Possible", b"Maximum Grade,", b"\x85", b"\xe2\x80\xa8",
)  # fmt: skip
COLUMNS = 1200  # letters of a sentence that lists up to twenty columns
REPORTS = [replace(report(), student="jane"), replace(report(), student="rob_4712")]


def tables() -> st.SearchStrategy[bytes]:
    """Valid sheets with some changes, in some encoding."""
    texts = st.sampled_from([CANVAS, MOODLE, ROSTER, GRADESCOPE])
    codes = st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16", "cp1252"])
    encoded = st.builds(lambda text, code: text.encode(code), texts, codes)
    return encoded.flatmap(lambda content: changed(content, SIGNS))


@fuzzed(tables())
def test_rosters(content: bytes) -> None:
    """A roster is read or refused, and what is read can be written and read again."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "roster.csv")
        path.write_bytes(content)
        roster = value_or_error(read_roster, path, but=str(path), longest=COLUMNS)
        if roster is not None:
            check(roster)
            write_roster(roster.people, path)
            assert read_roster(path) == roster


@fuzzed(tables())
def test_exports_that_are_imported(content: bytes) -> None:
    """An export is read or refused; the people in it make a roster that can be read."""
    with TemporaryDirectory() as folder:
        path, made = Path(folder, "export.csv"), Path(folder, "roster.csv")
        path.write_bytes(content)
        found = value_or_error(import_roster, path, but=str(path), longest=COLUMNS)
        if found is not None:
            people, _ = merge(Roster(), found.people)
            write_roster(people, made)
            assert read_roster(made).people == people


@fuzzed(tables(), st.sampled_from([fill_canvas, fill_moodle]))
def test_sheets_that_are_filled_in(content: bytes, fill: object) -> None:
    """A sheet is filled in or refused; the sheet itself is never changed."""
    assert callable(fill)
    with TemporaryDirectory() as folder:
        path, out = Path(folder, "sheet.csv"), Path(folder, "filled.csv")
        path.write_bytes(content)
        remarks = value_or_error(fill, REPORTS, path, out, but=str(path), longest=COLUMNS)
        assert path.read_bytes() == content
        if remarks is not None:
            assert len(read_sheet(out).rows) == len(read_sheet(path).rows)

"""The roster: read from any CSV, written so that it reads back, and careful whose something is."""

from __future__ import annotations

import os
import re
import stat
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.errors import InfrastructureError, UsageError
from autograder.model import Person
from autograder.submissions.roster import (
    Match,
    Roster,
    Whose,
    keys,
    name_words,
    read_roster,
    write_roster,
)
from tests.support.handed_in import zipped

HEAD = "student,name,email,section,role,canvas_id,sis_id,github_id"
JANE = Person(
    "jdoe", "Jane Doe", "jane@uni.edu", "Lab 2", ids=(("canvas_id", "4711"), ("github_id", "jd"))
)
ZOE = Person("zoë", "Zoë Øst-Ó'Brien", "zoe@uni.edu", "Übung 1", ids=(("sis_id", "007"),))
TA = Person("kim", "Kim", role="ta")
PEOPLE = (JANE, ZOE, TA)
TEXT = f"""{HEAD}
jdoe,Jane Doe,jane@uni.edu,Lab 2,student,4711,,jd
zoë,Zoë Øst-Ó'Brien,zoe@uni.edu,Übung 1,student,,007,
kim,Kim,,,ta,,,
"""


def roster_of(folder: Path, text: str | bytes) -> Path:
    """A roster.csv with this text."""
    path = folder / "roster.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def faults(folder: Path, text: str) -> str:
    """What is said of a roster that cannot be read."""
    with pytest.raises(UsageError) as error:
        read_roster(roster_of(folder, text))
    return str(error.value)


# --- reading -------------------------------------------------------------------------------------

FORMS: dict[str, str | bytes] = {
    "as written": TEXT,
    "semicolons": TEXT.replace(",", ";"),
    "Excel's own first line": "sep=;\n" + TEXT.replace(",", ";"),
    "tabs": TEXT.replace(",", "\t"),
    "Windows' line ends": TEXT.replace("\n", "\r\n"),
    "old Macs' line ends": TEXT.replace("\n", "\r"),
    "a byte order mark": TEXT.encode("utf-8-sig"),
    "UTF-16": TEXT.encode("utf-16"),
    "UTF-16 without a mark": TEXT.encode("utf-16-le"),
    "Windows' letters": TEXT.encode("cp1252"),
    "blank lines": TEXT.replace("\n", "\n\n  \n,,,,,,,\n"),
    "spaces around": TEXT.replace(",", " , "),
    "everything in quotes": "\n".join(
        ",".join(f'"{cell}"' for cell in line.split(",")) for line in TEXT.splitlines()
    ),
    "heads in any case": TEXT.replace(HEAD, HEAD.upper().replace("CANVAS_ID", "Canvas ID")),
    "no empty cells at the end": TEXT.replace("kim,Kim,,,ta,,,", "kim,Kim,,,TA"),
    "no role for students": TEXT.replace(",student,", ",,").replace("jdoe,,", "jdoe,"),
    "another order": "\n".join(
        ",".join(reversed(line.split(","))) for line in TEXT.splitlines()
    ),
    "other columns": "\n".join(f"{line},secret" for line in TEXT.splitlines()),
}  # fmt: skip


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
def test_a_roster_may_have_any_form_of_csv(tmp_path, text):
    """Delimiters, encodings, line ends, quotes, order and letter case of columns do not matter."""
    assert read_roster(roster_of(tmp_path, text)).people == PEOPLE


def test_handles_are_enough(tmp_path):
    """A list of handles is a roster, and everybody in it a student."""
    roster = read_roster(roster_of(tmp_path, "student\nana\nbob\n"))
    assert roster.people == roster.students == (Person("ana"), Person("bob"))


def test_a_delimiter_within_the_columns_names_is_none(tmp_path):
    """What divides the rows as it divides the head is the delimiter."""
    text = "student;name (last, first);email\nana;Ost, Ana;a@x\nbob;Bo;b@x\n"
    assert read_roster(roster_of(tmp_path, text)).people[0] == Person("ana", "", "a@x")


def test_a_missing_roster_says_who_asks_for_it_and_what_to_do(tmp_path):
    """course.toml names the file, so the message names course.toml."""
    with pytest.raises(UsageError, match=r"course\.toml names it.*autograder roster import FILE"):
        read_roster(tmp_path / "roster.csv")


def test_a_folder_is_no_roster(tmp_path):
    """A folder under the name of the roster is told as one that is no file."""
    (tmp_path / "roster.csv").mkdir()
    with pytest.raises(UsageError, match="there is no such file"):
        read_roster(tmp_path / "roster.csv")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name,email\nAna,a@x\n", r"no column called student.*Its columns are: name, email"),
        ("", r"no column called student.*It is empty"),
        ("student,email,E-Mail\nana,a@x,a@y\n", r"two columns called email"),
        ("student,name\n\nana,Ana\n,Bo\n", r"line 4: the handle \(student\) is empty"),
        ("student,name\nana,A\nbob,B\nana,C\n", r'line 4: the handle "ana" is also on line 2\.'),
        ("student\nAna\nana\n", r'line 3: the handle "ana" is also on line 2, written "Ana"'),
        ("student\nzo\u00eb\nzoe\u0308\n", r"line 3: the handle .* is also on line 2, written"),
        ("student,email\na,x@y\nb,X@Y\n", r'line 3: the e-mail "X@Y" is also on line 2'),
        ("student,sis_id\na,7\nb,7\n", r'line 3: the SIS id "7" is also on line 2'),
        ("student,name,role\nana,Ost, Ana,ta\n", r"line 2: there are 4 values for 3 columns"),
        ('student,name\nana,"Ana\nbob,Bo"\n', r"line 2: the name holds a line break"),
        ('student,name\nana,Ana\nbob,"Bo\ncy,Cy\n', r"line 3: a quote .* is not closed"),
        ("sep=,\r\nstudent\r\nana\r\nana\r\n", r'line 4: the handle "ana" is also on line 3\.'),
        (f"student,name\nana,{'A' * (1 << 24)}n\n", r"line 2: a cell has more than 16,777,216"),
    ],
    ids=["no handles", "empty file", "column twice", "empty handle", "handle twice", "case",
         "Unicode form", "e-mail twice", "id twice", "too many values", "two lines", "open quote",
         "Excel's line", "cell too long"],
)  # fmt: skip
def test_a_fault_is_told_with_its_line(tmp_path, text, told):
    """Whatever is wrong is said with file and line, in a sentence that shows the remedy."""
    said = faults(tmp_path, text)
    assert str(tmp_path / "roster.csv") in said
    assert re.search(told, said)


def test_all_faults_are_told_at_once_the_first_ten_in_full(tmp_path):
    """One look at the message is enough to correct the file; a long list is cut."""
    said = faults(tmp_path, "student,name\n" + ",x\n" * 13 + "ana\n")
    lines = said.splitlines()[1:]
    assert [line.split(":")[0] for line in lines[:-1]] == [f"  line {n}" for n in range(2, 12)]
    assert lines[-1] == "  and 3 more."


def test_a_column_with_a_long_name_is_told_in_short(tmp_path):
    """What stands in a file never makes a message that nobody can read."""
    long = "9" * 5000
    text = f"student,{long}_id\njane,7\nrob,7\n"
    with pytest.raises(UsageError) as told:
        read_roster(roster_of(tmp_path, text))
    assert "is also on line 2" in str(told.value)
    assert len(str(told.value)) < 400


def test_a_workbook_is_no_csv(tmp_path):
    """An Excel file under the name of a CSV is named as what it is."""
    workbook = zipped({"xl/workbook.xml": b"<workbook/>"})
    with pytest.raises(UsageError, match="an Excel document, not a CSV"):
        read_roster(roster_of(tmp_path, workbook))


# --- writing -------------------------------------------------------------------------------------


def test_the_file_has_a_fixed_order_and_only_ids_that_somebody_has(tmp_path):
    """The columns of a roster do not depend on who was read first, nor are there empty ones."""
    people = [Person("b", ids=(("zed_id", "1"), ("abc_id", "")))]
    people += [Person("a", ids=(("sis_id", "2"), ("canvas_id", "3"), ("base_id", "4")))]
    write_roster(people, tmp_path / "roster.csv")
    assert (tmp_path / "roster.csv").read_bytes().decode().splitlines() == [
        "student,name,email,section,role,canvas_id,sis_id,base_id,zed_id",
        "b,,,,student,,,,1",
        "a,,,,student,3,2,4,",
    ]


def test_what_a_spreadsheet_would_compute_stays_as_it_is(tmp_path):
    """The roster is read back by programs, so nothing is put before a formula."""
    people = (Person("=1+1", '@SUM("A,1")', "-x@y", "+1", ids=(("sis_id", "007"),)),)
    write_roster(people, tmp_path / "roster.csv")
    assert read_roster(tmp_path / "roster.csv").people == people


VISIBLE = st.characters(exclude_categories=["Cs", "Cc"])
WORDS = st.text(VISIBLE, max_size=12).map(str.strip)
IDS = ("canvas_id", "sis_id", "login_id", "abc_id")


@st.composite
def rosters(draw: st.DrawFn) -> tuple[Person, ...]:
    """People who have nothing in common that must be one person's alone."""
    people: list[Person] = []
    for handle in draw(st.lists(WORDS.filter(bool), max_size=6)):
        about = [draw(WORDS) for _ in range(3)]
        role = draw(st.sampled_from(["student", "ta", "guest of honour"]))
        ids = tuple((kind, word) for kind in IDS if (word := draw(WORDS)))
        person = Person(handle, *about, role, ids)
        if not {k[::2] for k in keys(person)} & {k[::2] for one in people for k in keys(one)}:
            people.append(person)
    return tuple(people)


@settings(max_examples=150, deadline=None)
@given(people=rosters())
def test_whatever_is_written_reads_back(people):
    """Any people of any names are the same after writing and reading."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "roster.csv"
        write_roster(people, path)
        assert read_roster(path).people == people


def test_a_roster_that_others_may_not_read_stays_so(tmp_path):
    """The new file has the permissions of the old one."""
    path = roster_of(tmp_path, TEXT)
    path.chmod(0o600)
    write_roster(PEOPLE, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["roster.csv"]


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path):
    """Where the name is a folder's, the machine is blamed and no half-written file stays."""
    (tmp_path / "roster.csv").mkdir()
    with pytest.raises(InfrastructureError, match="cannot be written"):
        write_roster(PEOPLE, tmp_path / "roster.csv")
    assert os.listdir(tmp_path) == ["roster.csv"]


# --- finding -------------------------------------------------------------------------------------

EVE = Person("eve", "Eve Bad", "eve@uni.edu", ids=(("canvas_id", "666"), ("login_id", "eb9")))
MARY = Person("mm", "Anne-Marie van der Löwe", "mm@uni.edu",
              ids=(("sis_id", "S5"), ("moodle_id", "41")))  # fmt: skip
LI = Person("lilei", "李雷", "li@uni.edu", ids=(("gradescope_id", "90210"),))
TWIN_1 = Person("wang1", "Wei Wang", "ww@uni.edu", ids=(("moodle_id", "Participant 31"),))
TWIN_2 = Person("wang2", "Wang Wei", "ww@web.de", ids=(("moodle_id", "32"),))
CLASS = Roster((JANE, ZOE, TA, EVE, MARY, LI, TWIN_1, TWIN_2))


def canvas(handle: str, number: str) -> Whose:
    """What Canvas's name for a file says."""
    return Whose(f"{handle}_{number}", handle, system="canvas", id=number)


def moodle(name: str, number: str) -> Whose:
    """What Moodle's name for a folder says."""
    return Whose(f"{name}_{number}", name, system="moodle", id=number)


FOUND = {
    "a system's id": (canvas("doejane", "4711"), "jdoe", "Canvas id 4711"),
    "an id, whatever the name": (canvas("evebad", "4711"), "jdoe", "Canvas id 4711"),
    "the institution's id in Canvas": (canvas("x", "007"), "zoë", "SIS id 007"),
    "the institution's id in Gradescope": (
        Whose("x", "", "", "gradescope", "s5"), "mm", "SIS id s5",
    ),
    "Gradescope's id": (Whose("x", "", "", "gradescope", "90210"), "lilei", "Gradescope id 90210"),
    "Moodle's number": (moodle("Wei Wang", "31"), "wang1", "Moodle id 31"),
    "an e-mail": (Whose("x", "", "JANE@uni.edu", "gradescope"), "jdoe", "e-mail"),
    "a handle": (Whose("jdoe"), "jdoe", "handle"),
    "a handle in other letters": (Whose("ZOE\u0308"), "zoë", "handle"),
    "an exchange's handle": (Whose("mm", system="nbgrader", id="mm"), "mm", "handle"),
    "an e-mail as the handle": (Whose("MM@uni.edu"), "mm", "e-mail"),
    "the e-mail's first part": (Whose("jane"), "jdoe", "first part of the e-mail"),
    "an id as the handle": (Whose("eb9"), "eve", "Login id eb9"),
    "a number as the handle": (Whose("4711"), "jdoe", "Canvas id 4711"),
    "a handle of a system that gives no id": (Whose("jdoe", system="canvas"), "jdoe", "handle"),
    "a name": (Whose("Jane Doe"), "jdoe", "name"),
    "a name beside an unknown handle": (Whose("x", "Jane Doe"), "jdoe", "name"),
    "the surname first": (Whose("Doe, Jane"), "jdoe", "name"),
    "without a comma": (Whose("DOE JANE"), "jdoe", "name"),
    "with underscores": (Whose("doe_jane"), "jdoe", "name"),
    "squeezed by Canvas": (canvas("ostobrienzoe", "1"), "zoë", "name"),
    "a long surname": (canvas("vanderlowe-annemarie", "9"), "mm", "name"),
    "given names in the middle": (Whose("van der Löwe Anne-Marie"), "mm", "name"),
    "any order of words": (Whose("Löwe van der Anne-Marie"), "mm", "name"),
    "other marks on the letters": (Whose("Zoe Ost O’Brien"), "zoë", "name"),
    "another script": (moodle("李雷", "8"), "lilei", "name"),
    "Moodle's other number": (moodle("Anne-Marie van der Löwe", "77"), "mm", "name"),
    "a handle in a file's name": (Whose("jdoe", own_words=True), "jdoe", "handle"),
    "its letters in a file's name": (Whose("JDoe", own_words=True), "jdoe", "handle"),
}  # fmt: skip


@pytest.mark.parametrize(("whose", "student", "how"), FOUND.values(), ids=FOUND)
def test_somebody_is_found_by(whose, student, how):
    """Ids, e-mails, handles and names in all their forms lead to the person; it is said by what."""
    match = CLASS.find(whose)
    assert (match.person and match.person.student, match.how) == (student, how)
    assert match.problem == ""


UNKNOWN = {
    "an unknown handle": Whose("nobody"),
    "no handle": Whose(""),
    "an unknown id and name": canvas("roeal", "99"),
    "a part of a name": Whose("Doe"),
    "a name in a file's name": Whose("Jane Doe", own_words=True),
    "a name as an exchange's handle": Whose("doe_jane", system="nbgrader", id="doe_jane"),
    "an e-mail beside a file's name": Whose("x", "", "jane@uni.edu", own_words=True),
    "an e-mail in a file's name": Whose("jane@uni.edu", own_words=True),
    "the e-mail's first part in a file's name": Whose("jane", own_words=True),
    "an id in a file's name": Whose("4711", own_words=True),
    "an e-mail's end": Whose("uni.edu"),
    "only dots": Whose("..."),
}


@pytest.mark.parametrize("whose", UNKNOWN.values(), ids=UNKNOWN)
def test_nobody_is_found_by(whose):
    """What no person is known by finds nobody, nor does what a student wrote into a file's name."""
    assert CLASS.find(whose) == Match()


def test_the_very_letters_of_a_handle_come_first():
    """Of two who differ only in case, each is found by the own handle, and neither by another."""
    roster = Roster((Person("Ana"), Person("ana")))
    assert [roster.find(Whose(handle)).person for handle in ("Ana", "ana")] == [*roster.people]
    assert "handle of several people of the roster: Ana, ana" in roster.find(Whose("ANA")).problem


def test_of_many_who_fit_the_first_ten_are_named():
    """The problem of a class full of namesakes stays readable."""
    roster = Roster(tuple(Person(f"s{n}", "Li Li") for n in range(12)))
    assert "s8, s9 and 2 more. Give each an id" in roster.find(Whose("Li Li")).problem


PROBLEMS = {
    "two of one name": (Whose("Wei Wang"), ["name of several people", "wang1, wang2"]),
    "two of one name in Canvas": (canvas("wangwei", "5"), ["name of several people"]),
    "two e-mails that begin alike": (Whose("ww"), ["first part of the e-mail of several people"]),
    "another's name under an own id": (
        canvas("doejane", "667"), ["name of jdoe", "Canvas id is 667 and in the roster 4711"],
    ),
    "another's handle under an own id": (
        Whose("jdoe", system="canvas", id="12"), ["handle of jdoe", "12 and in the roster 4711"],
    ),
    "another's e-mail under an own id": (
        Whose("x", "", "li@uni.edu", "gradescope", "1"), ["e-mail of lilei", "in the roster 90210"],
    ),
    "another's name under Moodle's number": (
        moodle("Jane Doe", "31"), ["Moodle id of wang1", '"Jane Doe" is the name of jdoe'],
    ),
    "another's name under a number that is an institution's": (
        canvas("wangwei", "007"), ["SIS id of zoë", "name of wang1, wang2"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("whose", "told"), PROBLEMS.values(), ids=PROBLEMS)
def test_nobody_is_found_where_it_is_in_doubt(whose, told):
    """Two who fit, or an id that contradicts the name, is a problem that is told, and nobody's."""
    match = CLASS.find(whose)
    assert (match.person, match.how) == (None, "")
    assert all(words in match.problem for words in told)


@settings(max_examples=100, deadline=None)
@given(people=rosters(), data=st.data())
def test_a_handle_and_a_systems_id_always_find_their_owner(people, data):
    """Whatever else people are called, nobody takes another's place under the own handle or id."""
    roster = Roster(people)
    for person in people:
        assert roster.find(Whose(person.student)).person == person
        assert roster.find(Whose(person.student, own_words=True)).person == person
        if number := person.id("canvas_id"):
            name = data.draw(WORDS)
            assert roster.find(Whose(name, name, name, "canvas", number)).person == person


@settings(max_examples=100, deadline=None)
@given(people=rosters(), words=WORDS)
def test_a_files_name_never_finds_anybody_by_more_than_the_handle(people, words):
    """Somebody's own words are a handle in some letters, or nothing."""
    match = Roster(people).find(Whose(words, own_words=True))
    assert match.problem == ""
    assert match.how == ("handle" if match.person else "")


def test_a_large_class_is_indexed_once():
    """Names and ids of a class lead to everybody in it."""
    people = tuple(
        Person(f"s{n}", f"Given{n} Sur{n}", f"m{n}@x", ids=(("canvas_id", str(n)),))
        for n in range(310)
    )
    roster = Roster(people)
    assert [roster.find(canvas(f"sur{n}given{n}", str(n))).person for n in range(310)] == [*people]
    assert [roster.find(Whose(f"Sur{n}, Given{n}")).person for n in range(310)] == [*people]


def test_words_have_no_capitals_whatever_signs_hold_them() -> None:
    """ "™" holds two capitals; a column that is called so must be found again."""
    assert name_words("Student™ ID") == ["studenttm", "id"]

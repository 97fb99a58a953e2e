"""Exports of Canvas, Moodle, Gradescope and others become a roster in which nobody gets lost."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.errors import UsageError
from autograder.model import Person
from autograder.submissions.roster import Roster, Whose, read_roster, write_roster
from autograder.submissions.roster_import import Imported, check, import_roster, merge
from tests.conftest import ROOT


def imported(folder: Path, text: str | bytes, name: str = "export.csv") -> Imported:
    """What is read of a file with this text."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return import_roster(path)


def person(student: str, name: str = "", email: str = "", section: str = "", **ids: str) -> Person:
    """A student with ids in the order of the roster's columns."""
    return Person(student, name, email, section, ids=tuple(ids.items()))


# --- Canvas --------------------------------------------------------------------------------------

CANVAS = """\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,week1 (811),Notes,Current Score
,,,,,Manual Posting,,
    Points Possible,,,,,10.00,,(read only)
"Doe, Jane",4711,S100,jdoe,"Lab 1 and Lab 2",9.00,"likes ""quotes""
and lines",90
"O'Neil-Ruiz, José María",4712,S101,joneil,Lab 2,,,
"King, Martin, Jr.",4713,S102,mking,Lab 1,,,
"Student, Test",9999,,3f2a9c,Lab 1,,,
"""
OF_CANVAS = (
    person("jdoe", "Jane Doe", "", "Lab 1, Lab 2",
           canvas_id="4711", sis_id="S100", login_id="jdoe"),
    person("joneil", "José María O'Neil-Ruiz", "", "Lab 2",
           canvas_id="4712", sis_id="S101", login_id="joneil"),
    person("mking", "Martin King Jr.", "", "Lab 1",
           canvas_id="4713", sis_id="S102", login_id="mking"),
)  # fmt: skip


def test_canvas_gradebook_gives_people_with_their_ids(tmp_path):
    """The exported gradebook has names turned around and three ids; its own rows are no people."""
    found = imported(tmp_path, CANVAS)
    assert found.source == "Canvas gradebook"
    assert found.people == OF_CANVAS
    assert found.remarks == (
        'export.csv: Line 2 is not taken: "Manual Posting" has no ID, so it is no person.',
        'export.csv: Line 3 is not taken: "Points Possible" has no ID, so it is no person.',
        'export.csv: Line 8 is not taken: "Student, Test" is Canvas\'s test student.',
    )


@pytest.mark.parametrize(
    ("told", "alone", "sections"),
    [
        ("Lab 1 and Lecture", "Lecture", "Lab 1, Lecture"),
        ("Lab 1, Lab 3, and Lecture", "Lab 2", "Lab 1, Lab 3, Lecture"),
        ("Research and Development", "Lab 2", "Research and Development"),
        ("Lab 1 and Lecture", "Lab 2 and Lecture", "Lab 1, Lecture"),
    ],
)
def test_canvas_names_several_sections_in_a_sentence(tmp_path, told, alone, sections):
    """Whoever is in several sections is in each; a section with an "and" in its name is one."""
    text = CANVAS.replace("Lab 1 and Lab 2", told).replace("Lab 2,", f"{alone},")
    jane, *_ = imported(tmp_path, text.replace("Lab 1,,,", "Lab 9,,,")).people
    assert jane.section == sections


@pytest.mark.parametrize(
    "text",
    [
        CANVAS.replace("Student,ID", '"Student",ID').replace("\n", "\r\n"),
        CANVAS.lstrip("\ufeff").encode("utf-16"),
        CANVAS.lstrip("\ufeff").encode("cp1252"),
    ],
    ids=["Windows", "UTF-16", "cp1252"],
)
def test_canvas_gradebook_in_other_forms(tmp_path, text):
    """Encodings and line ends change nothing."""
    assert imported(tmp_path, text).people == OF_CANVAS


def test_canvas_with_more_columns_of_its_own(tmp_path):
    """Where Canvas has more columns for ids, the others are found as before."""
    text = "Student,ID,SIS User ID,SIS Login ID,Integration ID,Root Account,Section\n"
    (jane,) = imported(tmp_path, f'{text}"Doe, Jane",4711,S1,jdoe,I5,uni.edu,A\n').people
    ids = {"canvas_id": "4711", "sis_id": "S1", "login_id": "jdoe", "integration_id": "I5"}
    assert jane == person("jdoe", "Jane Doe", "", "A", **ids)


def test_canvas_with_semicolons(tmp_path):
    """Where commas are decimal, Canvas separates the columns by semicolons."""
    text = "Student;ID;SIS User ID;SIS Login ID;Section;w1 (8)\n    Points Possible;;;;;1,5\n"
    text += "Doe, Jane;4711;S100;jdoe;Lab 1;0,5\n"
    (jane,) = imported(tmp_path, text).people
    assert (jane.name, jane.id("canvas_id"), jane.section) == ("Jane Doe", "4711", "Lab 1")


def test_canvas_shows_some_no_ids_of_the_institution(tmp_path):
    """A teaching assistant's export has Canvas's own id only; the handle is made from the name."""
    text = "Student,ID,Section,w1 (8)\n    Points Possible,,,5\n"
    text += '"Doe, Jane",1,A,\n"Doe, Jane",2,A,\n"Łuk, Åsa",3,A,\n"李, 雷",4,A,\n'
    found = imported(tmp_path, text)
    assert [p.student for p in found.people] == ["jane-doe", "2", "asa-luk", "4"]
    assert [p.id("canvas_id") for p in found.people] == ["1", "2", "3", "4"]
    assert "the handle is the name: 2 people (jane-doe, asa-luk)" in found.remarks[1]
    assert "the handle is the Canvas id: 2 people (2, 4)" in found.remarks[2]


def test_canvas_with_first_and_last_names_apart(tmp_path):
    """An account may have names in two columns; the row of points is still no person."""
    text = "LastName,FirstName,ID,SIS User ID,SIS Login ID,Section\n    Points Possible,,,,,\n"
    text += "van Doe,Jane,4711,S1,jdoe@uni.edu,A\nRoe,Al,4712,S2,aroe@uni.edu,A\n"
    found = imported(tmp_path, text)
    assert found.people == (
        person("jdoe", "Jane van Doe", "jdoe@uni.edu", "A",
               canvas_id="4711", sis_id="S1", login_id="jdoe@uni.edu"),
        person("aroe", "Al Roe", "aroe@uni.edu", "A",
               canvas_id="4712", sis_id="S2", login_id="aroe@uni.edu"),
    )  # fmt: skip


def test_canvas_list_of_people_with_the_same_heads(tmp_path):
    """Whatever list of Canvas has an id beside the institution's: both are taken."""
    (jane,) = imported(
        tmp_path, "name,id,sis_id,section,section_id\nJane Doe,4711,S1,A,55\n"
    ).people
    assert jane == person("jane-doe", "Jane Doe", "", "A", canvas_id="4711", sis_id="S1")


# --- Moodle --------------------------------------------------------------------------------------

WORKSHEETS = {  # language: heads of Identifier, full name, e-mail and others; the word for a number
    "English": ('Identifier,"Full name","Email address",Status,Grade', "Participant "),
    "German": ('ID,"Vollständiger Name",E-Mail-Adresse,Status,Bewertung', "Teilnehmer/in"),
    "French": ('Identifiant,"Nom complet","Adresse de courriel",Statut,Note', "Participant"),
    "Spanish": (
        'Identificador,"Nombre completo","Dirección de correo",Estado,Calificación', "Participante",
    ),
    "Portuguese": ('Identificador,"Nome completo","Endereço de email",Estado,Nota', "Participante"),
    "Italian": ('Identificativo,"Nome completo","Indirizzo email",Stato,Voto', "Partecipante"),
    "Dutch": ('Identificatie,"Volledige naam",E-mailadres,Status,Cijfer', "Deelnemer"),
    "Finnish": ('Tunniste,"Koko nimi",Sähköpostiosoite,Tila,Arvosana', "Osallistuja "),
}  # fmt: skip


@pytest.mark.parametrize(("head", "word"), WORKSHEETS.values(), ids=WORKSHEETS)
def test_moodle_worksheet_in_any_language(tmp_path, head, word):
    """Names and addresses are found in all languages; numbers of one assignment are not stored."""
    text = (
        f'{head},"Feedback"\n{word}4711,"Jane Doe",jane@uni.edu,Submitted,"13,50","<p>a\nb</p>"\n'
    )
    text += f"{word}4712,Àl Roe,AR@uni.edu,,,\n"
    found = imported(tmp_path, text)
    assert found.source == "Moodle grading worksheet"
    assert found.people == (
        person("jane", "Jane Doe", "jane@uni.edu"), person("AR", "Àl Roe", "AR@uni.edu"),
    )  # fmt: skip
    assert found.remarks == (
        "export.csv: Without a user name, the handle is the first part of the e-mail address: "
        "2 people (jane, AR).",
    )


def test_long_texts_of_students_are_no_obstacle(tmp_path):
    """Moodle's worksheet holds what students wrote online, however long that is."""
    head = "Identifier,Full name,Email address,Status,Grade,Online text\n"
    row = f'Participant 1,Ana A,ana@x.org,Submitted,,"{"word " * 40_000}"\n'
    assert imported(tmp_path, head + row).people == (Person("ana", "Ana A", "ana@x.org"),)


def test_moodle_worksheet_with_identity_columns(tmp_path):
    """User name and student number are taken where Moodle shows them; a team is no section."""
    text = "Identifier,Username,Full name,ID number,Email address,Status,Group,Grade\n"
    text += "Participant 1,jd77,Jane Doe,0012,jane@uni.edu,,Team 1,\n"
    assert imported(tmp_path, text).people == (
        person("jd77", "Jane Doe", "jane@uni.edu", sis_id="0012", login_id="jd77"),
    )


@pytest.mark.parametrize("head", ["Identifier,Status,Grade", "ID,Status,Bewertung"])
def test_an_anonymous_worksheet_names_nobody(tmp_path, head):
    """Where Moodle hides who is who, no roster can be made of it, and it says what could be."""
    with pytest.raises(UsageError, match="anonymous assignment of Moodle names nobody"):
        imported(tmp_path, f"{head}\nParticipant 1,Submitted,\nParticipant 2,,\n")


PARTICIPANTS = {
    "English": '"First name","Last name","ID number","Email address",Groups',
    "older English": '"First name",Surname,"ID number","Email address",Groups',
    "German": "Vorname,Nachname,ID-Nummer,E-Mail-Adresse,Gruppen",
    "French": '"Prénom",Nom,"Numéro d\'identification","Adresse de courriel",Groupes',
    "Spanish": 'Nombre,Apellido(s),"Número de ID","Dirección de correo",Grupos',
    "Portuguese": 'Nome,Apelido,"Número de identificação","Endereço de e-mail",Grupos',
    "Italian": 'Nome,Cognome,"Codice identificativo","Indirizzo email",Gruppi',
    "Dutch": "Voornaam,Achternaam,ID-nummer,E-mailadres,Groepen",
}


@pytest.mark.parametrize("head", PARTICIPANTS.values(), ids=PARTICIPANTS)
def test_moodle_participants_in_any_language(tmp_path, head):
    """The list of a course has names apart, groups and no roles, which is said."""
    text = f'{head}\nJane,van Doe,12,jane@uni.edu,"A, G1_1"\nAl,Roe,-,al@uni.edu,\n'
    found = imported(tmp_path, text)
    assert found.source == "Moodle participants"
    assert found.people == (
        person("jane", "Jane van Doe", "jane@uni.edu", "A, G1_1", sis_id="12"),
        person("al", "Al Roe", "al@uni.edu"),
    )
    assert "Nothing says who teaches" in found.remarks[0]


# --- Gradescope and plain tables -----------------------------------------------------------------

GRADESCOPE = """First Name,Last Name,SID,Email,Role,Sections
Jane,Doe,S100,jane.doe@uni.edu,Student,A
Al,Roe,,al@uni.edu,Student,
Kim,Lee,,kim@uni.edu,TA,
Pat,Ng,,pat@uni.edu,Instructor,
"""


def test_gradescope_roster_gives_roles_and_student_numbers(tmp_path):
    """The student number is what Gradescope's submissions name people by, so it is its id."""
    found = imported(tmp_path, GRADESCOPE)
    assert found.source == "Gradescope roster"
    assert found.people[0] == person(
        "jane.doe", "Jane Doe", "jane.doe@uni.edu", "A", gradescope_id="S100"
    )
    assert [p.role for p in found.people] == ["student", "student", "ta", "instructor"]


PLAIN = {
    "a roster": (
        "student,name,email,section,role,canvas_id,sis_id\njdoe,Jane Doe,j@x.edu,A,student,7,S1\n",
        person("jdoe", "Jane Doe", "j@x.edu", "A", canvas_id="7", sis_id="S1"),
    ),
    "nbgrader's": (
        "id,first_name,last_name,email,lms_user_id\njdoe,Jane,Doe,j@x.edu,55\n",
        person("jdoe", "Jane Doe", "j@x.edu", lms_user_id="55"),
    ),
    "a user name beside an id": (
        "ID;User Name;Full Name\n007;jdoe;Doe, Jane\n",
        person("jdoe", "Jane Doe", sis_id="007", login_id="jdoe"),
    ),
    "a NetID": ("NetID\tName\njd1\tJane Doe\n", person("jd1", "Jane Doe", login_id="jd1")),
    "names under student": (
        "Student,E-Mail,Tutorial\nJane Doe,jd@x.edu,T1\n",
        person("jd", "Jane Doe", "jd@x.edu", "T1"),
    ),
    "names under user": ("User,E-Mail\nJane Doe,jd@x.edu\n", person("jd", "Jane Doe", "jd@x.edu")),
    "Moodle's word without Moodle's columns": (
        "Full name,Email address\nJane Doe,jd@x.edu\n", person("jd", "Jane Doe", "jd@x.edu"),
    ),
    "Gradescope's word without addresses": (
        "Name,SID\nJane Doe,S1\n", person("jane-doe", "Jane Doe", sis_id="S1"),
    ),
    "two columns of addresses": (
        "Parent,Email\np@x.edu,jd@x.edu\n", person("jd", "", "jd@x.edu"),
    ),
    "somebody who is called Test Student": (
        "username,name\nts,Test Student\n", person("ts", "Test Student", login_id="ts"),
    ),
    "German lists": (
        "Matrikelnummer;Name;Vorname;E-Mail;Gruppe\n123;Müller;Jörg;jm@uni.de;3\n",
        person("jm", "Jörg Müller", "jm@uni.de", "3", sis_id="123"),
    ),
    "an address under no known head": (
        "Who,Contact\nx,jd@x.edu\n", person("jd", "", "jd@x.edu"),
    ),
    "student numbers alone": ("Student Number\n123\n", person("123", sis_id="123")),
    "Blackboard's": (
        '"Last Name"\t"First Name"\tUsername\t"Student ID"\nDoe\tJane\tjdoe\t99\n'.encode("utf-16"),
        person("jdoe", "Jane Doe", sis_id="99", login_id="jdoe"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), PLAIN.values(), ids=PLAIN)
def test_a_plain_table_is_read_by_its_heads(tmp_path, text, expected):
    """User names, names, e-mails, sections and ids are found under the usual heads."""
    found = imported(tmp_path, text)
    assert (found.source, found.people) == ("plain table", (expected,))


def test_handles_are_user_names_then_addresses_then_names(tmp_path):
    """Everybody has a handle of their own, and where it was chosen it is said how."""
    text = "username,name,email\njdoe,Jane,j@a\n,Al Roe,ar@a\n,Cy,jo@a\n,Di,jo@b\n,Eve,JDOE@b\n"
    text += ",Fay Ray,\n,fay RAY,\n,李雷,\n"
    found = imported(tmp_path, text)
    handles = ["jdoe", "ar", "jo@a", "jo@b", "JDOE@b", "fay-ray", "fay-ray-2", "李雷"]
    assert [p.student for p in found.people] == handles
    assert [remark.partition("the handle is ")[2] for remark in found.remarks] == [
        "the first part of the e-mail address: 1 person (ar).",
        "the whole e-mail address: 3 people (jo@a, jo@b, JDOE@b).",
        "the name: 2 people (fay-ray, 李雷).",
        "the name and a number, because others have that name: 1 person (fay-ray-2).",
    ]


def test_one_person_in_two_rows_is_taken_once(tmp_path):
    """A file may have a row for each section of a person; the second is told, with its line."""
    text = "username,name,email,section\njdoe,Jane Doe,j@a,A\nroe,Al,r@a,B\n"
    text += "JDOE,Jane M. Doe,j@a,C\nroe,Al,r@a,B\njdoe,Doe,,A\n"
    found = imported(tmp_path, text)
    assert [(p.student, p.section) for p in found.people] == [("jdoe", "A"), ("roe", "B")]
    assert found.remarks == (
        "export.csv: Line 4 is not taken: it is the person of line 2; the section C is left out.",
        "export.csv: Line 5 is not taken: it is the person of line 3.",
        "export.csv: Line 6 is not taken: it is the person of line 2.",
    )


def test_two_user_names_are_two_people(tmp_path):
    """One name and one address under two user names: both are taken, the address is nobody's."""
    found = imported(tmp_path, "username,name,email\na,Jane Doe,j@a\nb,Jane Doe,j@a\n")
    assert [(p.student, p.email) for p in found.people] == [("a", ""), ("b", "")]


def test_what_several_people_share_is_nobodys(tmp_path):
    """One id, address or user name for two people identifies neither; both people are taken."""
    text = (
        "username,name,email,sis_id,dept_id\nx,Jane Doe,j@a,1,9\nx,Al Roe,j@a,1,9\ny,Cy,c@a,3,8\n"
    )
    found = imported(tmp_path, text)
    assert found.people == (
        person("jane-doe", "Jane Doe"), person("al-roe", "Al Roe"),
        person("y", "Cy", "c@a", sis_id="3", login_id="y"),
    )  # fmt: skip
    told = "\n".join(found.remarks)
    assert told.count("Dept") == 1
    assert "The Dept id is left out: it is no person's, but several people's." in told
    for what in ('user name "x"', 'e-mail "j@a"', 'SIS id "1"', 'Login id "x"'):
        assert f"The {what} is left out: it is on lines 2, 3." in told


def test_a_row_that_cannot_be_taken_is_told(tmp_path):
    """Rows of too many values and rows without anybody have a remark with line and reason."""
    text = "name,email,section\nDoe, Jane,j@a,A\n-,,B\nAl Roe,al at x,A\nCy,c@a; d@a,A\n"
    found = imported(tmp_path, text)
    assert [p.name for p in found.people] == ["Al Roe", "Cy"]
    assert [p.email for p in found.people] == ["", ""]
    assert [remark.removeprefix("export.csv: Line ") for remark in found.remarks[:4]] == [
        "2 is not taken: it has 4 values for 3 columns.",
        "3 is not taken: it has neither user name, name nor e-mail.",
        '4: "al at x" is not one e-mail address and is left out.',
        '5: "c@a; d@a" is not one e-mail address and is left out.',
    ]


@pytest.mark.parametrize("head", ["username", "student", "Login ID", "netid"])
def test_a_login_that_a_spreadsheet_shortened_is_no_handle(tmp_path, head):
    """Whoever lost the user name is called after something else; with nothing else, it is said."""
    text = f"{head},name,email\n1E+05,Ana Lee,ana@x.org\n2.5E+07,Bo Ray,\n1E+09,,\nkim,Kim,\n"
    found = imported(tmp_path, text)
    assert [person.student for person in found.people] == ["ana", "bo-ray", "kim"]
    assert all(not person.id("login_id") for person in found.people[:2])
    assert sum("was shortened by a spreadsheet" in one for one in found.remarks) == 3
    assert any("Line 4 is not taken" in one for one in found.remarks)


def test_an_id_that_a_spreadsheet_shortened_is_left_out(tmp_path):
    """Canvas's long ids lose their digits in a spreadsheet, and would be two people's."""
    text = "Student,ID,SIS User ID,SIS Login ID,Section\n"
    text += '"Doe, Jane",1.7E+13,S1,jdoe,1E+1\n"Roe, Al",17000000000012,S2,aroe,A\n'
    found = imported(tmp_path, text)
    assert [p.section for p in found.people] == ["1E+1", "A"]
    assert len(found.remarks) == 1
    assert [p.id("canvas_id") for p in found.people] == ["", "17000000000012"]
    assert 'the Canvas id "1.7E+13" was shortened by a spreadsheet' in found.remarks[0]


def test_roles_have_the_rosters_words(tmp_path):
    """Systems' and languages' words for roles are known; another word stays, and is told."""
    roles = "TeacherEnrollment,Teilnehmer/in,Non-editing teacher,Étudiant,,Observer,Wizard"
    text = "username,role\n" + "".join(f"u{n},{r}\n" for n, r in enumerate(roles.split(",")))
    found = imported(tmp_path, text)
    assert [p.role for p in found.people] == [
        "instructor", "student", "ta", "student", "student", "observer", "wizard",
    ]  # fmt: skip
    assert 'The role "wizard" is unknown (u6)' in found.remarks[-1]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a,b\n1,2\n", r"no column holds user names.*its columns: a, b"),
        ("", r"its columns: none"),
        ("jdoe,Jane,j@x.edu\nroe,Al,a@x.edu\n", r"line 1 is a person"),
        ('name\n"Jane\n', r"line 2: a quote .* is not closed"),
    ],
    ids=["unknown heads", "empty", "no heads", "open quote"],
)
def test_a_file_that_names_nobody_is_refused(tmp_path, text, told):
    """A table whose columns say nothing of people is refused, with what to do."""
    with pytest.raises(UsageError, match=told):
        imported(tmp_path, text)


def test_a_missing_file_is_told(tmp_path):
    """The name of a file that is not there is the caller's mistake."""
    with pytest.raises(UsageError, match="there is no such file"):
        import_roster(tmp_path / "none.csv")


HEADS = ["username", "name", "first name", "last name", "email", "section", "role", "canvas_id",
         "sis_id", "dept_id", "other"]  # fmt: skip
CELLS = st.one_of(
    st.sampled_from(["", "a", "A", "b", "a@x", "A@x", "a@y", "Jane Doe", "Doe, Jane", "jane-doe",
                     "jane-doe-2", "-", "1E+9", "student", "ta", "\n", "é", "e\u0301"]),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_table_becomes_a_roster_and_every_row_is_somebodys_or_told(data):
    """Whatever the cells hold, the result is a valid roster, and no row vanishes in silence."""
    heads = data.draw(st.lists(st.sampled_from(HEADS), min_size=1, unique=True))
    row = st.lists(CELLS, min_size=len(heads), max_size=len(heads)).filter(
        lambda cells: any(cell.strip() for cell in cells)
    )
    rows = data.draw(st.lists(row, min_size=1, max_size=6))
    stream = io.StringIO()
    csv.writer(stream).writerows([heads, *rows])
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = imported(Path(folder), stream.getvalue().encode("utf-8-sig"))
        except UsageError:
            assert set(heads) <= {"section", "role", "dept_id", "other"}
            return
        write_roster(found.people, Path(folder) / "roster.csv")
        assert read_roster(Path(folder) / "roster.csv").people == found.people
    left = [remark for remark in found.remarks if " is not taken: " in remark]
    assert len(found.people) + len(left) == len(rows)


# --- merging -------------------------------------------------------------------------------------

OLD = Roster((
    person("jd", "Jane Doe", "jane.doe@uni.edu", "A"),
    person("aroe", "Al Roe", "al@uni.edu"),
    person("w1", "Wei Wang", "w1@uni.edu", "W", canvas_id="50"),
    person("ghost", "Gus Host", "gh@uni.edu"),
    Person("kim", "Kim Lee", "kim@uni.edu", role="ta"),
))  # fmt: skip


def merged(*new: Person, old: Roster = OLD) -> tuple[dict[str, Person], str]:
    """The people after a merge, by handle, and all that is said."""
    people, remarks = merge(old, new)
    assert len({p.student for p in people}) == len(people) >= len(old.people)
    return {p.student: p for p in people}, "\n".join(remarks)


def test_an_export_adds_its_ids_to_the_people_already_there():
    """E-mail, id, user name and name find people; handle and whatever else was known stays."""
    people, said = merged(
        person("jane.doe", "Jane M. Doe", "JANE.DOE@uni.edu", "Z", gradescope_id="S1"),
        person("aroe", "Alfred Ro", "", "B", canvas_id="12", login_id="aroe"),
        person("ww", "Wang, Wei", "", "W", canvas_id="50", sis_id="S9"),
        person("gus-host", "Host Gus", moodle_id="7"),
    )
    assert list(people.values()) == [
        person("jd", "Jane Doe", "jane.doe@uni.edu", "A", gradescope_id="S1"),
        person("aroe", "Al Roe", "al@uni.edu", "B", canvas_id="12", login_id="aroe"),
        person("w1", "Wei Wang", "w1@uni.edu", "W", canvas_id="50", sis_id="S9"),
        person("ghost", "Gus Host", "gh@uni.edu", moodle_id="7"),
        OLD.people[-1],
    ]
    assert said == ("Known by the name alone: 1 person (ghost).\njd stays in section A, not Z.")


def test_new_people_are_added_and_nobody_leaves():
    """Who is new, and which students are not in the file, is told; staff need not be in it."""
    people, said = merged(person("zed", "Zed", "z@uni.edu"), person("jd", "Jane Doe"))
    assert list(people) == ["jd", "aroe", "w1", "ghost", "kim", "zed"]
    assert said == (
        "New in the roster: 1 person (zed).\n"
        "Not in the file, but still in the roster: 3 people (aroe, w1, ghost)."
    )


def test_a_first_import_has_nothing_to_tell():
    """Into an empty roster everybody goes as they are."""
    people, said = merged(*OLD.people, old=Roster())
    assert (tuple(people.values()), said) == (OLD.people, "")


def test_a_namesake_of_somebody_who_is_found_by_an_id_is_new():
    """Two of one name in the file: the one whose e-mail the roster knows, and another person."""
    people, _ = merged(
        person("w2", "Wei Wang", "w2@uni.edu", canvas_id="51"),
        person("w1", "Wei Wang", "w1@uni.edu", canvas_id="50"),
    )
    assert people["w1"] == OLD.people[2]
    assert people["w2"] == person("w2", "Wei Wang", "w2@uni.edu", canvas_id="51")


def test_a_new_person_gets_a_handle_that_is_free():
    """A handle that was made from a name may be somebody's already, who was found by e-mail."""
    old = Roster((person("jane-doe", "Jane Doe", "jd@uni.edu"),))
    people, said = merged(
        person("jd", "Jane Doe", "jd@uni.edu"), person("Jane-Doe", "Jane Doe"), old=old
    )
    assert list(people) == ["jane-doe", "jane-doe-2"]
    assert "jane-doe-2 is not called Jane-Doe: somebody else has that handle." in said


def test_free_handles_are_given_once_also_to_people_without_names():
    """Two new people whose handles are taken get two others."""
    old = Roster((person("x", "", "x@uni.edu"), person("y", "", "y@uni.edu")))
    known = (person("a", "", "x@uni.edu"), person("b", "", "y@uni.edu"))
    people, _ = merged(*known, person("x"), person("y"), old=old)
    assert list(people) == ["x", "y", "student-2", "student-3"]


DOUBTS = {
    "another id of that system": (
        person("x", "Wei Wang", canvas_id="99"), "Canvas id is 99 and in the roster 50",
    ),
    "another id, the same e-mail": (
        person("x", "", "w1@uni.edu", canvas_id="99"), "Canvas id is 99 and in the roster 50",
    ),
    "the e-mail of one, the id of another": (
        person("x", "", "al@uni.edu", canvas_id="50"), "those of several people: w1, aroe",
    ),
    "a namesake with another e-mail": (
        person("x", "Al Roe", "roe@web.de"), "e-mail is roe@web.de and in the roster al@uni.edu",
    ),
    "a handle that was made, and another name": (
        person("ghost", "Gil Host", "ghost@web.de"), "name is Gil Host and in the roster Gus Host",
    ),
    "the handle of one, the institution's id of another": (
        person("aroe", "", canvas_id="1", gradescope_id="S-1"), "it may be any of aroe, cy",
    ),
    "the name of one, a number of another": (
        person("aroe", "Al Roe", canvas_id="S-1", login_id="q"), '"Al Roe" is the name of aroe',
    ),
    "two numbers of an institution": (
        person("q", "", sis_id="S-2", gradescope_id="S-1"), "SIS id is S-2 and in the roster S-1",
    ),
    "Canvas's number that is an institution's": (
        person("x", "Zed", canvas_id="S-1"), "name is Zed and in the roster Cy",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("new", "told"), DOUBTS.values(), ids=DOUBTS)
def test_in_doubt_nobody_is_added_or_changed(new, told):
    """Where two things contradict each other, the roster stays as it is, and a person decides."""
    old = Roster((*OLD.people, person("cy", "Cy", sis_id="S-1")))
    people, said = merged(new, old=old)
    assert tuple(people.values()) == old.people
    assert f"{new.name or new.student} is not added: " in said
    assert told in said


def test_two_who_may_be_one_are_both_left_to_a_person():
    """Two namesakes in the file and one in the roster: which of them it is cannot be known."""
    people, said = merged(person("a1", "Al Roe", canvas_id="1"), person("a2", "Al Roe"))
    assert tuple(people.values()) == OLD.people
    assert said.count("Al Roe is not added: several people of the file may be aroe.") == 2


def test_systems_one_after_the_other_make_one_roster(tmp_path):
    """Canvas, then Gradescope, then Moodle: one person each, found by all of them."""
    roster = Roster()
    worksheet = "Identifier,Full name,Email address\nParticipant 3,Jane Doe,jane.doe@uni.edu\n"
    for text in (CANVAS, GRADESCOPE, worksheet):
        roster = Roster(merge(roster, imported(tmp_path, text).people)[0])
    assert [p.student for p in roster.people] == ["jdoe", "joneil", "mking", "al", "kim", "pat"]
    jane = roster.people[0]
    assert (jane.email, jane.id("gradescope_id")) == ("jane.doe@uni.edu", "S100")
    for whose in (
        Whose("doejane_4711", "doejane", system="canvas", id="4711"),
        Whose("jane.doe@uni.edu", "J. Doe", "jane.doe@uni.edu", "gradescope", "S100"),
        Whose("Jane Doe_99", "Jane Doe", system="moodle", id="99"),
        Whose("jdoe", system="nbgrader", id="jdoe"),
    ):
        assert roster.find(whose).person == jane


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_any_merge_is_a_roster_in_which_nobody_lost_anything(data):
    """The result can be read back; handles and ids stay; once more changes nothing."""
    texts = []
    for _ in range(2):
        rows = data.draw(st.lists(st.lists(CELLS, min_size=5, max_size=5), max_size=5))
        stream = io.StringIO()
        csv.writer(stream).writerows([["username", "name", "email", "canvas_id", "sis_id"], *rows])
        texts.append(stream.getvalue().encode("utf-8-sig"))
    with tempfile.TemporaryDirectory() as folder:
        first, second = (imported(Path(folder), text).people for text in texts)
        people, _ = merge(Roster(first), second)
        write_roster(people, Path(folder) / "roster.csv")
        assert read_roster(Path(folder) / "roster.csv").people == people
    for before, after in zip(first, people, strict=False):
        assert (after.student, after.role) == (before.student, before.role)
        assert set(before.ids) <= set(after.ids)
        assert after.email == before.email or not before.email
    assert merge(Roster(first), first) == (first, ())


# --- checking ------------------------------------------------------------------------------------


def test_imports_at_the_same_time_lose_nobody(tmp_path):
    """Four processes add ten people each, one by one: all forty are in the roster."""
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from autograder.submissions.roster_import import Imported, add\n"
        "from autograder.model import Person\n"
        "for n in range(10):\n"
        "    add([Imported((Person(f'{sys.argv[2]}{n}'),), 'a test', ())], Path(sys.argv[1]))"
    )
    path = tmp_path / "roster.csv"
    writers = [
        subprocess.Popen([sys.executable, "-c", code, str(path), word], cwd=ROOT)
        for word in ("ana", "ben", "eve", "tom")
    ]
    assert [writer.wait(60) for writer in writers] == [0] * 4
    assert len(read_roster(path).students) == 40


def test_a_check_counts_people_and_tells_what_is_missing():
    """What others have and somebody lacks, equal names and unknown roles are told."""
    roster = Roster((
        person("jd", "Jane Doe", "j@x", "A", canvas_id="1"),
        person("dj", "Doe, Jané", "", "B"),
        person("al", "", "a@x"),
        Person("kim", role="ta"), Person("pat", role="instructor"), Person("wiz", role="wizard"),
    ))  # fmt: skip
    assert check(roster) == (
        "3 students in 2 sections, 3 staff (1 instructor, 1 ta, 1 wizard).",
        "Without name, unlike others: 1 person (al).",
        "Without e-mail, unlike others: 1 person (dj).",
        "Without section, unlike others: 1 person (al).",
        "Without Canvas id, unlike others: 2 people (dj, al).",
        "One name, Jane Doe: jd, dj. What a system hands over under the name alone is nobody's: "
        "give each an id or e-mail.",
        'The role "wizard" is unknown (wiz): only students submit. Roles are: student, '
        "instructor, ta, observer, designer.",
    )


@pytest.mark.parametrize("handle", ["..", ".", "a/../b"])
def test_a_check_tells_of_a_handle_that_no_address_can_hold(handle):
    """A browser would ask for another page; other slashes and dots are no obstacle."""
    _, said = check(Roster((Person(handle), Person("a/b"), Person("a..b"))))
    assert said.endswith(f": 1 person ({handle}). Give them other handles.")


def test_a_check_of_a_good_roster_only_counts():
    """What nobody has, nobody lacks."""
    assert check(Roster((Person("a"), Person("b")))) == ("2 students in 0 sections, 0 staff.",)

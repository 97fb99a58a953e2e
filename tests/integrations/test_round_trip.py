"""One assignment from an LMS and back: roster, zip, grades, pages, and the sheet filled in."""

from __future__ import annotations

import csv
import json
import shutil
import zipfile
from pathlib import Path

import pytest

from autograder.course.layout import Course
from tests.support.courses import NAME, hand_in, write_course

PEOPLE = {  # name -> Canvas's id, Moodle's number
    "Ana Doe": (4711, 31), "Zoë O\u2019Neil": (4712, 32),
    "Li Lei": (4713, 33), "Max Roe": (4714, 34),
}  # fmt: skip
CANVAS = """\
Student,ID,SIS User ID,SIS Login ID,Section,week1 (99),Final Score
"    Points Possible",,,,,10.00,(read only)
"Doe, Ana",4711,S1,ana,Mo,,
"O\u2019Neil, Zoë",4712,S2,zoe,Mo,,
"Lei, Li",4713,S3,li,Tu,,
"Roe, Max",4714,S4,max,Tu,,
"""
MOODLE = """\
Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,\
Last modified (submission),Last modified (grade),Feedback comments
Participant 31,Ana Doe,ana@example.edu,Submitted for grading,,10.00,Yes,-,-,
Participant 32,Zoë O\u2019Neil,zoe@example.edu,Submitted for grading,,10.00,Yes,-,-,
Participant 33,Li Lei,li@example.edu,Submitted for grading,,10.00,Yes,-,-,
Participant 34,Max Roe,max@example.edu,No submission,,10.00,Yes,-,-,
"""


def canvas_name(name: str) -> str:
    """How the files of a person begin in Canvas's zip."""
    words = "".join(reversed(name.split()))
    return f"{''.join(filter(str.isalnum, words)).lower()}_{PEOPLE[name][0]}_9900{PEOPLE[name][1]}_"


FORMS = {
    "canvas": (CANVAS, lambda name: f"{canvas_name(name)}{NAME}.ipynb"),
    "moodle": (
        MOODLE,
        lambda name: f"{name}_{PEOPLE[name][1]}_assignsubmission_file_/any name.ipynb",
    ),
}


@pytest.fixture(params=FORMS)
def place(request, tmp_path) -> tuple[str, Path]:
    """A course, the sheet and the class's zip of one system; Max has submitted nothing."""
    sheet, path_of = FORMS[request.param]
    course = write_course(tmp_path, config='title = "Halves"\nroster = "roster.csv"')
    (tmp_path / "sheet.csv").write_text(sheet, encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as archive:
        for number, name in enumerate(list(PEOPLE)[:3]):
            answer = f"def half(x):\n    return x * {0.5 if number else 1}\n# {name}\n"
            notebook = hand_in(course, tmp_path / "made" / str(number), answer)
            archive.write(notebook, path_of(name))
    return request.param, tmp_path


def test_an_assignment_goes_from_an_lms_and_back(run, place):
    """Four people of the roster have rows everywhere, three have grades in the sheet's form."""
    system, folder = place

    def do(*words: str) -> str:
        done = run(*words, cwd=folder)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    assert "4 people" in do("roster", "import", "sheet.csv")
    dry = json.loads(do("grade", "class.zip", "--assignment", NAME, "--dry-run", "--json"))
    assert len(dry["submissions"]) == 3
    assert dry["unknown"] == {NAME: []}
    assert len(dry["missing"][NAME]) == 1
    said = do("grade", "class.zip", "--assignment", NAME, "--jobs", "1")
    assert "3 of 4 on the roster submitted" in said
    do("report", "--quiet")
    with (folder / "results/pages/grades.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["score"] for row in rows] == ["0", "10", "10", ""]
    assert [row["name"] for row in rows] == list(PEOPLE)
    do("export", f"results/{NAME}", "--to", system, "--into", "sheet.csv", "--quiet")
    filled = (folder / "sheet filled.csv").read_text(encoding="utf-8")
    before = list(csv.reader(FORMS[system][0].splitlines()))
    after = list(csv.reader(filled.splitlines()))
    column = before[0].index("week1 (99)" if system == "canvas" else "Grade")
    people = after[-4:]
    assert [float(row[column] or "nan") for row in people[:3]] == [0, 10, 10]
    assert people[3][column] == ""
    told = {column, len(before[0]) - 1}  # the grade, and in Moodle the feedback
    for old, new in zip(before, after, strict=True):
        assert [x for i, x in enumerate(new) if i not in told] == [
            x for i, x in enumerate(old) if i not in told
        ]


@pytest.fixture
def home(tmp_path) -> Path:
    """A course without a roster, and without anything that was submitted."""
    write_course(tmp_path, config='title = "Halves"')
    return tmp_path


def submitted(folder: Path, *places: str) -> None:
    """An answer at each of these places below in/."""
    made = hand_in(Course(folder), folder / "made", "def half(x):\n    return x / 2")
    for place in places:
        path = folder / "in" / place
        path.parent.mkdir(parents=True)
        shutil.copy(made, path)


def exported(folder: Path, run, system: str) -> list[dict[str, str]]:
    """The rows of a new sheet."""
    done = run("export", f"results/{NAME}", "--to", system, cwd=folder)
    assert done.returncode == 0, done.stderr
    with (folder / f"{system}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_plain_folder_says_nothing_of_a_systems_number(run, home):
    """smith_12 is a login; no system has given the 12, so that it is nobody's id or file."""
    submitted(home, f"smith_12/{NAME}.ipynb", f"jones_34/{NAME}.ipynb")
    done = run("grade", "in", "--assignment", NAME, "--jobs", "1", cwd=home)
    assert done.returncode == 0, done.stderr
    canvas = {row["Student"]: row for row in exported(home, run, "canvas")}
    assert (canvas["smith_12"]["ID"], canvas["smith_12"]["SIS Login ID"]) == ("", "smith_12")
    assert {row["Identifier"] for row in exported(home, run, "moodle")} == {""}
    done = run("feedback", "moodle", f"results/{NAME}", cwd=home)
    assert "no number of Moodle's is known: jones_34, smith_12." in done.stderr.replace("\n", " ")


def test_the_number_of_moodles_folder_is_kept_with_the_result(run, home):
    """Also with a roster that has no numbers, or those of another assignment."""
    folder = "{}_assignsubmission_file_/" + f"{NAME}.ipynb"
    submitted(home, folder.format("Ana Lee_611"), folder.format("Bob Smith_612"))
    people = "student,name,moodle_id\nana,Ana Lee,\nbob,Bob Smith,Participant 502\n"
    (home / "roster.csv").write_text(people)
    with (home / "course.toml").open("a") as file:
        file.write('\nroster = "roster.csv"\n')
    done = run("grade", "in", "--assignment", NAME, "--jobs", "1", cwd=home)
    assert done.returncode == 0, done.stderr
    came = json.loads((home / "results" / NAME / "ana.json").read_text())["submission"]
    assert (came["system"], came["number"]) == ("moodle", "611")
    found = {row["Full name"]: row["Identifier"] for row in exported(home, run, "moodle")}
    assert found == {"Ana Lee": "Participant 611", "Bob Smith": "Participant 612"}
    done = run("feedback", "moodle", f"results/{NAME}", "--out", "f.zip", cwd=home)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(home / "f.zip") as packed:
        names = [name.partition("_assignfeedback")[0] for name in packed.namelist()]
    assert sorted(names) == ["Ana Lee_611", "Bob Smith_612"]
    assert {row["ID"] for row in exported(home, run, "canvas")} == {""}

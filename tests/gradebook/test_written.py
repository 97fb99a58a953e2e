"""Written answers: graded by people in a sheet or in nbgrader, and kept through every re-grade."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from autograder.course.layout import Course
from autograder.course.source import read_source
from autograder.errors import AuthorError, UsageError
from autograder.gradebook.ledger import FILE, read_adjustments
from autograder.gradebook.written import answer, read_sheet
from autograder.model import Job
from autograder.report.results import keep_earlier
from autograder.report.results import write as write_result
from autograder.submissions.read import sha256
from autograder.targets.committed import tree
from autograder.targets.tree import write
from tests.gradebook.questions import RUBRIC, mark, put_words, with_question
from tests.report.factory import exercise, report
from tests.support.courses import NAME, hand_in, write_course

ABOUT = ("--assignment", NAME, "--exercise", "words")
ANSWERS = {"ana": "=2 is half of 4", "ben": "I do not know.\n\nReally, äöü.\n=1+1; =2"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The course, built, with three people's submissions of which Eve's has no words."""
    course = with_question(write_course(tmp_path_factory.mktemp("written") / "course"))
    write(tree(course, NAME), course.root)
    for student in ("ana", "ben", "eve"):
        path = hand_in(
            course, course.root / "in" / student / NAME, "def half(x):\n    return x / 2"
        )
        if student in ANSWERS:
            put_words(path, ANSWERS[student])
    return course


@pytest.fixture
def home(built: Course, tmp_path: Path) -> Course:
    """A copy of it, to be changed."""
    shutil.copytree(built.root, tmp_path / "course")
    return Course(tmp_path / "course")


@pytest.fixture(scope="module")
def sheet(run: Any, built: Course, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sheet of the question, as the command writes it."""
    path = tmp_path_factory.mktemp("sheet") / "words.csv"
    assert "(2 answers)" in ran(run, built, "written", "sheet", "in", *ABOUT, "--out", str(path))
    return path


def graded(course: Course, **fields: Any) -> None:
    """What the machine gives for everybody's code; again, after an edit of the graders."""
    results = course.root / "results"
    for path in sorted((course.root / "in").glob("*/*/*.ipynb")):
        student = path.relative_to(course.root).parts[1]
        part = exercise("half", points=10.0, score=fields.get("score", 10.0), checks=())
        when = fields.get("graded_at", "2026-12-01T08:00:00+00:00")
        made = report(
            student, NAME, sha256=sha256(path), exercises=(part,), max_score=10.0, graded_at=when
        )
        keep_earlier(made, results)
        write_result(made, results)


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a sheet."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def fill(path: Path, *marks: dict[str, str]) -> None:
    """Fill in a sheet's rows, in order."""
    filled = [row | own for row, own in zip(rows(path), marks, strict=True)]
    with open(path, "w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(filled[0]))
        writer.writeheader()
        writer.writerows(filled)


def ran(run, course: Course, *words: str) -> str:
    """Run a command that has to succeed; return what it says."""
    done = run(*words, cwd=course.root)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_students_get_the_cell_and_not_the_rubric(home):
    """The release asks for words, says the points and holds nothing of what an answer should."""
    text = home.release(NAME).read_text(encoding="utf-8")
    (cell,) = [c for c in json.loads(text)["cells"] if mark(c) == "words"]
    assert "".join(cell["source"]) == "YOUR ANSWER HERE"
    assert "In your own words (6 points)" in text
    assert "rubric" not in text
    assert "units" not in text
    assert "two equal parts" not in text
    (written,) = read_source(home.source(NAME)).written
    assert (written.title, written.points) == ("In your own words ({points} points)", 6)
    assert [item.points for item in written.rubric] == [4, 2]


def test_points_and_words_of_people_survive_every_regrade(run, home, sheet):
    """A sheet goes out, is filled in and comes back; grading again changes nothing of it."""
    graded(home)
    path = Path(shutil.copy(sheet, home.root))
    assert [row["answer"] for row in rows(path)] == [
        "'=2 is half of 4",
        "I do not know.\n\nReally, äöü.\n'=1+1;' =2",
    ]
    before = ran(run, home, "gradebook", "--json")
    assert json.loads(before)["people"][0]["assignments"][NAME]["points"] == 10
    fill(path, {"half (4)": "x", "units (2)": "1.5"}, {"points": "1", "comment": "Come and ask."})
    assert "2 added, 0 known" in ran(run, home, "written", "take", "words.csv", *ABOUT)
    assert "0 added, 2 known" in ran(run, home, "written", "take", "words.csv", *ABOUT)
    graded(home, score=8.0, graded_at="2026-12-02T08:00:00+00:00")
    told = ran(run, home, "gradebook", "--student", "ana")
    assert "13.5: the only attempt, 8 points; words set to 5.5 graded by hand: You say" in told
    ran(run, home, "report", "--quiet")
    page = (home.root / "results/pages/students" / f"{NAME}--ben.html").read_text()
    assert "Come and ask." in page
    assert "<b>9</b> of 16 points" in page


def test_a_sheet_that_is_taken_again_undoes_no_later_decision(run, home, sheet):
    """Only what has changed in it is added; what was decided since stays, and is named."""
    graded(home)
    path = Path(shutil.copy(sheet, home.root))
    fill(path, {"points": "4"}, {"points": "1"})
    ran(run, home, "written", "take", "words.csv", *ABOUT)
    later = ("adjust", "ana", NAME, "--exercise", "words", "--points", "=6", "--who", "tina")
    ran(run, home, *later, "--why", "it was right")
    fill(path, {"points": "4"}, {"points": "2"})
    done = run("written", "take", "words.csv", *ABOUT, cwd=home.root)
    assert "1 added, 0 known" in done.stdout
    assert "ana had =4 already, and tina has decided =6 since: that stays." in done.stderr
    assert f"autograder adjust ana {NAME} --exercise words --points =4 --why" in done.stderr
    given = [(one.student, one.value) for one in read_adjustments(home.root / FILE)]
    assert given == [("ana", "=4"), ("ben", "=1"), ("ana", "=6"), ("ben", "=2")]
    fill(path, {"points": "5"}, {"points": "2"})
    assert "1 added, 1 known" in ran(run, home, "written", "take", "words.csv", *ABOUT)


def test_nobody_has_to_read_for_ever(home):
    """Of an answer of millions of letters the service keeps and shows the start."""
    path = home.root / "in" / "ana" / NAME / f"{NAME}.ipynb"
    put_words(path, "words " * 500_000)
    assert 10_000 < len(answer(Job("ana", path), "words", "")) < 100_000


def test_names_are_hidden_on_request(run, home):
    """A sheet without names comes back to the right people by its keys."""
    graded(home)
    ran(run, home, "written", "sheet", "in", *ABOUT, "--anonymous")
    path = home.root / "words.csv"
    assert "ana" not in path.read_text(encoding="utf-8")
    given = [{"points": "6" if "half" in row["answer"] else "0"} for row in rows(path)]
    fill(path, *given)
    ran(run, home, "written", "take", "words.csv", *ABOUT)
    found = {one.student: one.value for one in read_adjustments(home.root / FILE)}
    assert found == {"ana": "=6", "ben": "=0"}


def test_a_key_is_no_number_and_one_of_an_earlier_version_still_fits(run, home):
    """A spreadsheet leaves a key as it is: some had digits alone, or an e among them."""
    graded(home)
    ran(run, home, "written", "sheet", "in", *ABOUT, "--anonymous")
    path = home.root / "words.csv"
    keys = [row["key"] for row in rows(path)]
    assert all(re.fullmatch("k[0-9a-f]{12}", key) for key in keys)
    fill(path, *({"key": key.removeprefix("k"), "points": "3"} for key in keys))
    ran(run, home, "written", "take", "words.csv", *ABOUT)
    found = {one.student: one.value for one in read_adjustments(home.root / FILE)}
    assert found == {"ana": "=3", "ben": "=3"}


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"points": "7"}, "line 2: 7 points, but 0 to 6 can be had"),
        ({"units (2)": "many"}, "line 2: 'many' is no number of points"),
        ({"points": "nan"}, "is no number of points"),
        ({"exercise": "why"}, f"line 2: is about {NAME} and why, not about {NAME} and words"),
        ({"assignment": "week9"}, f"line 2: is about week9 and words, not about {NAME} and words"),
        ({"student": "ben", "points": "2"}, "line 3: ben has a mark on line 2 already"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(home, sheet, cells, said):
    """One bad cell stops the whole sheet, so that it can be read again when it is right."""
    path = Path(shutil.copy(sheet, home.root))
    fill(path, cells, {"points": "1"})
    (written,) = read_source(home.source(NAME)).written
    with pytest.raises(UsageError, match=said):
        read_sheet(path, NAME, written, [])


@pytest.mark.slow  # nbgrader takes seconds to load, five times
def test_nbgraders_graders_and_this_gradebook_agree(run, home):
    """What was given here stands in nbgrader's gradebook, and what was given there comes over."""
    from nbgrader.api import Gradebook

    graded(home)
    ran(run, home, "written", "sheet", "in", *ABOUT)
    fill(home.root / "words.csv", {"points": "5"}, {})
    ran(run, home, "written", "take", "words.csv", *ABOUT)
    ran(run, home, "export", "results", "--to", "nbgrader")
    with Gradebook(f"sqlite:///{home.root / 'gradebook.db'}", home.config.id) as book:
        assert book.find_submission(NAME, "ana").score == 15
        ben = book.find_submission_notebook(NAME, NAME, "ben")
        (grade,) = [one for one in ben.grades if one.cell.name == "words"]
        assert grade.needs_manual_grade
        grade.manual_score = 3.5
        book.db.commit()
    assert "1 added, 1 known" in ran(run, home, "written", "from-nbgrader", "--who", "tina")
    told = ran(run, home, "gradebook", "--student", "ben")
    assert "13.5: the only attempt, 10 points; words set to 3.5 graded by hand" in told
    ran(run, home, "export", "results", "--to", "nbgrader")
    with Gradebook(f"sqlite:///{home.root / 'gradebook.db'}", home.config.id) as book:
        assert book.find_submission(NAME, "ben").score == 13.5


@pytest.mark.slow  # nbgrader takes seconds to load, several times
def test_points_that_nbgrader_has_from_here_are_no_decision(run, home):
    """Unchanged, they add nothing; what was decided since stays and is named; a new mark counts."""
    graded(home)
    ran(run, home, "written", "sheet", "in", *ABOUT)
    fill(home.root / "words.csv", {"half (4)": "x"}, {"points": "1"})
    ran(run, home, "written", "take", "words.csv", *ABOUT)
    ran(run, home, "export", "results", "--to", "nbgrader")
    before = (home.root / FILE).read_bytes()
    assert "0 added, 2 known" in ran(run, home, "written", "from-nbgrader")
    assert (home.root / FILE).read_bytes() == before
    decision = ("--exercise", "words", "--points", "=6", "--why", "appeal")
    ran(run, home, "adjust", "ana", NAME, *decision)
    done = run("written", "from-nbgrader", cwd=home.root)
    assert "ana had =4 already, and " in done.stderr.replace("\n", " ")
    assert "0 added, 1 known" in done.stdout
    mark_in_nbgrader(home, "ana", 4, "Well said.")
    mark_in_nbgrader(home, "ben", 2, None)
    assert "2 added, 0 known" in ran(run, home, "written", "from-nbgrader")
    found = [(one.student, one.value, one.why) for one in read_adjustments(home.root / FILE)[-2:]]
    assert sorted(found) == [("ana", "=4", "Well said."), ("ben", "=2", "graded by hand")]


@pytest.mark.slow  # nbgrader takes seconds to load, several times
def test_an_old_comment_of_nbgraders_beside_exported_points_is_no_decision(run, home):
    """The comment stays there when an appeal's points are exported; bounds and "+" hold as here."""
    graded(home)
    ran(run, home, "export", "results", "--to", "nbgrader")
    mark_in_nbgrader(home, "ana", 4, "Well said.")
    assert "1 added" in ran(run, home, "written", "from-nbgrader")
    decision = ("--exercise", "words", "--points", "+9", "--why", "appeal")
    ran(run, home, "adjust", "ana", NAME, *decision)
    ran(run, home, "export", "results", "--to", "nbgrader")
    assert "0 added, 1 known" in ran(run, home, "written", "from-nbgrader")
    assert [one.value for one in read_adjustments(home.root / FILE)] == ["=4", "+9"]
    assert "16: the only" in ran(run, home, "gradebook", "--student", "ana")


def mark_in_nbgrader(home: Course, student: str, points: float, comment: str | None) -> None:
    """What somebody gives in the formgrader."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{home.root / 'gradebook.db'}", home.config.id) as book:
        book.find_grade("words", NAME, NAME, student).manual_score = points
        book.find_comment("words", NAME, NAME, student).manual_comment = comment
        book.db.commit()


@pytest.mark.parametrize(
    ("rubric", "points", "said"),
    [
        (RUBRIC, 0, "the written answer 'words' has no points"),
        ('[{"name": "half"}]', 6, "the rubric of 'words' is no list of items. Write each like"),
        (RUBRIC.replace('"units"', '"half"'), 6, "two items of the rubric of 'words' have one"),
    ],
)
def test_a_faulty_question_is_refused_with_its_line(tmp_path, rubric, points, said):
    """The author reads the file, the line and what a rubric looks like."""
    course = with_question(write_course(tmp_path), rubric, points)
    line = 1 + course.source(NAME).read_text().splitlines().index(
        next(x for x in course.source(NAME).read_text().splitlines() if "rubric=" in x)
    )
    with pytest.raises(AuthorError, match=said) as refused:
        read_source(course.source(NAME))
    assert f"{NAME}.py:{line}" in str(refused.value)

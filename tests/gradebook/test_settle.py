"""What leaves the course is what the gradebook counts, and what each student may read by now."""

from __future__ import annotations

import csv
import datetime
import json
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.course.policy import Disclosure
from autograder.gradebook.adjustments import Kind
from autograder.gradebook.ledger import FILE, add
from autograder.model import HandedIn, Status
from autograder.report.disclosure import disclosed
from autograder.report.feedback import Feedback, feedback_page
from autograder.report.results import keep_earlier, write
from tests.gradebook.factory import decided
from tests.gradebook.term import BERLIN, DUES, EXERCISES, write_course
from tests.report.factory import SLIPS, check, exercise, mixed, report
from tests.report.pages import Page

LATE_AT = "2026-10-12T12:00:00+02:00"


def submitted(student: str, score: float, at: str, digest: str = "a"):
    """A result of week1, all points in one exercise."""
    parts = [
        exercise(id, points=points, score=score if id == "classify" else 0.0)
        for id, points in EXERCISES.items()
    ]
    return report(
        student, "week1", exercises=tuple(parts), handed_in=HandedIn(at=at), sha256=digest * 64
    )


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A course in which Ana was late once, Ben submitted nothing and Eve is excused."""
    course = write_course(tmp_path / "course")
    people = "student,name,section,canvas_id\nana,Ana A,m,1\nben,Ben B,m,2\neve,Eve E,m,3\n"
    (course.root / "roster.csv").write_text(people)
    results = course.root / "results"
    for one in (
        submitted("ana", 20, "2026-10-10T12:00:00+02:00", "a"),
        submitted("ana", 10, LATE_AT, "b"),
        submitted("eve", 30, "2026-10-10T12:00:00+02:00", "c"),
    ):
        keep_earlier(one, results)
        write(one, results)
    about = {"student": "ana", "exercise": "layer"}
    add(
        [decided(Kind.POINTS, "=5", **about), decided(Kind.EXCUSE, "yes", student="eve")],
        course.root / FILE,
    )
    return course.root


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a sheet."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_sheets_take_what_counts(run, home):
    """The best attempt with its correction, 0 for nobody's, nothing for who is excused."""
    for target in ("csv", "canvas"):
        done = run("export", "results", "--to", target, cwd=home)
        assert done.returncode == 0, done.stderr
    found = {row["student"]: row for row in rows(home / "grades.csv")}
    assert {name: row["score"] for name, row in found.items()} == {
        "ana": "25",
        "ben": "0",
        "eve": "",
    }
    assert (found["ana"]["layer"], found["eve"]["classify"]) == ("5", "")
    assert found["eve"]["why"] == "excused: does not count: for a reason"
    assert found["ben"]["status"] == "not_handed_in"
    assert found["ana"]["why"].startswith("25: best of 2 attempts, 20 points; layer set to 5")
    canvas = {row["ID"]: row["week1"] for row in rows(home / "canvas.csv")}
    assert canvas == {"": "100", "1": "25", "2": "0", "3": "EX"}


def test_of_an_assignment_that_is_dropped_whole_no_sheet_has_a_score(run, home):
    """It counts neither way: an empty cell and a note, and no 0 of 100 for anybody."""
    config = home / "course.toml"
    dropped = f"[assignments.week1]\ndropped = {json.dumps(list(EXERCISES))}\n"
    config.write_text(config.read_text().replace("[assignments.week1]\n", dropped))
    for target in ("csv", "canvas"):
        done = run("export", "results", "--to", target, cwd=home)
        assert done.returncode == 0, done.stderr
        assert "week1: All of its exercises are dropped: it counts neither way." in done.stderr
    assert {row["student"]: row["score"] for row in rows(home / "grades.csv")}["ana"] == ""
    found = {row["ID"]: row["week1"] for row in rows(home / "canvas.csv")}
    assert (found["1"], found["2"], found["3"]) == ("", "", "EX")
    run("gradebook", "--csv", "book.csv", cwd=home)
    book = {row["student"]: row for row in rows(home / "book.csv")}
    assert (book["ana"]["week1"], book["ben"]["week1"]) == ("", "")
    assert book["ana"]["week1: why"].startswith("dropped: best of 2 attempts")


def test_points_for_an_assignment_that_nobody_submitted_leave_with_the_others(run, home):
    """Shown in class: a column with that grade and that excuse, and nothing about anybody else."""
    about = {"assignment": "week3"}
    ben = decided(Kind.POINTS, "=70", student="ben", **about)
    add([ben, decided(Kind.EXCUSE, "yes", student="eve", **about)], home / FILE)
    for target in ("csv", "canvas"):
        done = run("export", "results", "--to", target, cwd=home)
        assert done.returncode == 0, done.stderr
    sheet = {(row["student"], row["assignment"]): row["score"] for row in rows(home / "grades.csv")}
    assert (sheet["ana", "week1"], sheet["ben", "week3"], sheet["eve", "week3"]) == ("25", "70", "")
    canvas = {row["ID"]: row["week3"] for row in rows(home / "canvas.csv")}
    assert canvas == {"": "75", "1": "", "2": "70", "3": "EX"}
    done = run("export", "results/week1", "--to", "canvas", cwd=home)
    assert "week3" not in (home / "canvas.csv").read_text()
    done = run("export", "results", "--to", "moodle", cwd=home)
    assert done.returncode == 0, done.stderr
    assert "week3: people decided something, and there is no result, so it is" in done.stderr


def test_points_alone_are_exported_before_anything_is_graded(run, home):
    """A folder without any result yet is no reason to lose them."""
    add([decided(Kind.POINTS, "=70", student="ben", assignment="week3")], home / FILE)
    (home / "none").mkdir()
    done = run("export", "none", "--to", "csv", cwd=home)
    assert done.returncode == 0, done.stderr
    found = {(row["student"], row["assignment"]): row["score"] for row in rows(home / "grades.csv")}
    assert found["ben", "week3"] == "70"


def week2(score: float, at: str, graded: int, digest: str):
    """Ben's file of week2, of which the last counts, graded at some hour."""
    made = submitted("ben", score, at, digest)
    return replace(made, assignment="week2", graded_at=f"2026-11-30T{graded:02}:00:00+00:00")


MONDAY = "2026-10-05T10:00:00+02:00"
TUESDAY = "2026-10-06T10:00:00+02:00"


@pytest.mark.parametrize(
    ("graded", "counts"),
    [
        ([week2(0, MONDAY, 1, "a"), week2(10, "", 2, "b")], 10),
        ([week2(0, "", 1, "a"), week2(10, "", 2, "b")], 10),
        ([week2(0, "soon", 1, "a"), week2(10, MONDAY, 2, "b")], 10),
        ([week2(5, MONDAY, 1, "a"), week2(0, "", 2, "b"), week2(10, TUESDAY, 3, "c")], 10),
        ([week2(0, MONDAY, 1, "a"), week2(10, "", 2, "b"), week2(1, MONDAY, 3, "a")], 10),
    ],
    ids=["mailed later", "both mailed", "mailed first", "mailed between", "the first graded again"],
)
def test_a_file_without_a_time_is_newer_than_what_was_graded_before_it(run, home, graded, counts):
    """A corrected file that came by mail is the last, in the gradebook and in what is exported."""
    for one in graded:
        keep_earlier(one, home / "results")
        write(one, home / "results")
    done = run("export", "results/week2", "--to", "csv", cwd=home)
    assert done.returncode == 0, done.stderr
    found = {row["student"]: row for row in rows(home / "grades.csv")}
    assert found["ben"]["score"] == str(counts)
    told = run("gradebook", "--student", "ben", cwd=home).stdout
    assert f"week2, {counts}: last of " in told


def test_where_all_are_excused_nothing_counts(run, home):
    """No sheet falls back on what the machine gave."""
    people = ("ana", "ben")
    add([decided(Kind.EXCUSE, "yes", student=one) for one in people], home / FILE)
    for target in ("csv", "canvas"):
        done = run("export", "results", "--to", target, cwd=home)
        assert done.returncode == 0, done.stderr
    assert {row["score"] for row in rows(home / "grades.csv")} == {""}
    canvas = {row["ID"]: row["week1"] for row in rows(home / "canvas.csv")}
    assert canvas == {"": "100", "1": "EX", "2": "EX", "3": "EX"}


@pytest.mark.slow  # nbgrader takes seconds to load
def test_nbgraders_total_is_what_counts(run, home):
    """Its grades are those of the counting attempt; what is late or given is there too."""
    from nbgrader.api import Gradebook

    add([decided(Kind.POINTS, "+1.4", student="ana")], home / FILE)
    done = run("export", "results", "--to", "nbgrader", cwd=home)
    assert done.returncode == 0, done.stderr
    with Gradebook(f"sqlite:///{home / 'gradebook.db'}", "a-term") as book:
        assert book.find_submission("week1", "ana").score == pytest.approx(26.4)
        assert book.find_submission("week1", "ben").score == 0
        notebook = book.find_submission_notebook("week1", "week1", "ana")
        assert {g.cell.name: g.auto_score for g in notebook.grades}["layer-check"] == 5


def test_a_students_page_says_what_counts(run, home):
    """The points on the page are those of the gradebook, with the reason."""
    done = run("report", "results", "--quiet", cwd=home)
    assert done.returncode == 0, done.stderr
    text = Page((home / "results/pages/students/week1--ana.html").read_text()).text
    assert "25 of 100 points" in text
    assert "What counts: 25: best of 2 attempts" in text
    page = Page((home / "results/pages/index.html").read_text())
    assert "Submissions 2 of 3" in page.text


def test_who_is_excused_reads_so_and_has_feedback(run, home):
    """The page says it in the place of points, and the sheet beside the class page has none."""
    done = run("report", "results", "--quiet", cwd=home)
    assert done.returncode == 0, done.stderr
    text = Page((home / "results/pages/students/week1--eve.html").read_text()).text
    assert "Excused What counts: excused: does not count: for a reason" in text
    assert "of 100 points" not in text
    assert "Exercise by exercise" in text
    found = {row["student"]: row for row in rows(home / "results/pages/grades.csv")}
    assert (found["eve"]["score"], found["eve"]["status"]) == ("", "graded")


def test_an_anonymous_sheet_holds_no_reason(run, home):
    """Reasons may name people: of what counts only the points are left."""
    done = run("report", "results", "--quiet", "--anonymous", cwd=home)
    assert done.returncode == 0, done.stderr
    text = (home / "results/pages/grades.csv").read_text(encoding="utf-8-sig")
    assert "25" in text
    assert "for a reason" not in text


def test_the_folder_of_results_may_be_the_one_in_which_one_stands(run, home):
    """Named by a dot, a folder holds the attempts that came before, too."""
    said = [
        run("gradebook", where, "--json", "--student", "ana", cwd=home / "results" / place).stdout
        for where, place in ((".", "week1"), ("week1", "."))
    ]
    points = [json.loads(one)["people"][0]["assignments"]["week1"]["points"] for one in said]
    assert points == [25, 25]


WORK = mixed()
SECRETS = {
    Disclosure.NOTHING: ["of 100 points", "Works for any number", SLIPS["linear"][1]],
    Disclosure.SCORE: ["Works for any number", SLIPS["linear"][1], "hidden check", "remark below"],
    Disclosure.HEADINGS: [SLIPS["linear"][1], "A slip that others make too"],
}
SHOWN = {
    Disclosure.NOTHING: ["Your file was received", "shown from 2026-10-11 at 23:59"],
    Disclosure.SCORE: ["30 of 100 points", "1 of 5 exercises passes: 1.1 · One neuron."],
    Disclosure.HEADINGS: ["30 of 100 points", "Works for any number of leading axes"],
    Disclosure.MISTAKES: ["30 of 100 points", SLIPS["linear"][1]],
}


@pytest.mark.parametrize("level", Disclosure)
def test_a_page_holds_no_more_than_may_be_read(level):
    """Nothing, the score, the headings, the mistakes: each level adds to the one before."""
    until = datetime.datetime.fromisoformat(DUES["week1"]).replace(tzinfo=BERLIN)
    html = feedback_page(WORK, Feedback(level, until))
    text = Page(html).text
    assert [word for word in SHOWN[level] if word not in text] == []
    assert [word for word in SECRETS.get(level, []) if word in html] == []


@pytest.mark.parametrize("level", Disclosure)
def test_headings_do_not_say_what_a_hidden_check_saw(level):
    """What came back in a hidden check is a sentence about the mistake; the example's is none."""
    said = {hidden: f"Keeps the type – not yet. It saw {hidden}." for hidden in (True, False)}
    checks = tuple(check(Status.FAILED, hidden=one, message=text) for one, text in said.items())
    part = exercise("linear", Status.FAILED, checks=checks)
    html = feedback_page(report(exercises=(part,)), Feedback(level))
    assert ("It saw True." in html) == (level is Disclosure.MISTAKES)
    assert ("It saw False." in html) == (level in (Disclosure.HEADINGS, Disclosure.MISTAKES))


@pytest.mark.parametrize("level", Disclosure)
def test_what_is_wrong_with_the_file_is_never_held_back(level):
    """Who has to save the file again reads so before the due time."""
    from tests.report.factory import not_graded, unreadable

    assert disclosed(unreadable(), level) == unreadable()
    assert disclosed(not_graded(), level) == not_graded()


def test_ci_shows_what_may_be_read_at_the_students_own_due_time(run, home):
    """Before the due time a push is told that it came; an extension moves that moment."""
    config = home / "course.toml"
    before = 'feedback_before_due = "nothing"\n'
    config.write_text(config.read_text().replace("[policy]\n", f"[policy]\n{before}"))
    add(
        [decided(Kind.EXTENSION, "2099-01-01T00:00:00+00:00", student="ana")],
        home / FILE,
    )
    done = run("export", "results", "--to", "actions", "--out", "summary.md", cwd=home)
    assert done.returncode == 0, done.stderr
    said = (home / "summary.md").read_text()
    assert "ana, week1: not graded\n\nIt was received." in said
    assert "eve, week1: 30 of 100 points" in said


def test_without_any_rule_results_just_count(run, tmp_path):
    """A course that says nothing exports its newest results, as it did before there were rules."""
    course = write_course(tmp_path / "course")
    (course.root / "course.toml").write_text('title = "x"\n')
    write(submitted("ana", 10, LATE_AT), tmp_path / "r")
    done = run("export", str(tmp_path / "r"), "--to", "csv", cwd=course.root)
    assert done.returncode == 0, done.stderr
    (row,) = rows(course.root / "grades.csv")
    assert (row["score"], "why" in row) == ("10", False)


@pytest.mark.slow
def test_a_regrade_says_where_it_disagrees_with_a_person(run, tmp_path):
    """Points by hand survive a change of the graders, and who decided them is named."""
    from tests.support.courses import GRADERS, NAME, hand_in
    from tests.support.courses import write_course as write_small

    course = write_small(tmp_path / "course")
    hand_in(
        course, course.root / "in" / "ana", "def half(x):\n    return x / 2 if x.ndim == 2 else x\n"
    )
    words = ("in", "--assignment", NAME, "--jobs", "1", "--quiet")
    assert run("grade", *words, cwd=course.root).returncode == 0
    decision = ("--points", "=7", "--exercise", "half", "--why", "late plot", "--who", "tina")
    assert run("adjust", "ana", NAME, *decision, cwd=course.root).returncode == 0
    stricter = GRADERS.replace("draw(3, 4)", "draw(3)")
    course.graders(NAME).write_text(stricter, encoding="utf-8")
    done = run("regrade", *words, "--apply", cwd=course.root)
    assert done.returncode == 0, done.stderr
    said = "ana: half is 0 now; it was 10 when tina decided =7. What was decided holds."
    assert said in done.stderr.replace("\n", " ")
    told = run("gradebook", "--student", "ana", cwd=course.root)
    assert "7: the only attempt, 0 points; half set to 7 by hand: late plot" in told.stdout

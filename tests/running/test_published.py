"""Published results: graded once, left alone by grade, and never lost."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from autograder.course.layout import Course
from tests.support.courses import GRADERS, NAME, hand_in, write_course

RIGHT = "def half(x):\n    return x / 2\n"
ALSO_RIGHT = "def half(x):\n    return 0.5 * x\n"
WRONG = "def half(x):\n    return x\n"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A tiny course, and what two students submitted."""
    course = write_course(tmp_path)
    hand_in(course, tmp_path / "submitted" / "ana", RIGHT)
    hand_in(course, tmp_path / "submitted" / "ben", WRONG)
    return tmp_path


def grade(run, place: Path, *options: str) -> str:
    """Run grade in the course; return what it says to the instructor."""
    words = ["grade", "submitted", "--assignment", NAME, "--jobs", "1", "--quiet", *options]
    done = run(*words, cwd=place)
    assert done.returncode == 0, done.stderr
    return done.stderr


def results(place: Path) -> dict[str, dict]:
    """All results by student."""
    paths = (place / "results" / NAME).glob("*.json")
    return {path.stem: json.loads(path.read_text()) for path in paths}


@pytest.mark.parametrize("options", [[], ["--seed", "8"]], ids=["other graders", "another seed"])
def test_grade_leaves_results_of_other_graders_alone(run, place, options):
    """After an edit of a grader, grade changes nothing, says how many, and points to regrade."""
    grade(run, place, "--seed", "7")
    before = results(place)
    graders = place / "source" / NAME / "graders.py"
    graders.write_text(GRADERS.replace("draw(3, 4)", "draw(5, 4)") if not options else GRADERS)
    said = grade(run, place, *options)
    assert "2 results of the same files" in said
    assert "autograder regrade submitted --assignment week1" in said
    assert results(place) == before


def test_a_comment_in_a_grader_is_no_other_grader(run, place):
    """What a result means depends on the code of the graders, not on comments and layout."""
    grade(run, place)
    graders = place / "source" / NAME / "graders.py"
    graders.write_text("# reviewed\n" + GRADERS.replace("draw(3, 4)", "draw( 3,4 )"))
    assert "other graders" not in grade(run, place)


def test_a_new_file_is_graded_with_the_seed_of_the_others_and_the_old_result_is_kept(run, place):
    """Who submits again is asked the same as before, and the earlier result stays beside it."""
    grade(run, place, "--seed", "7")
    before = results(place)
    path = place / "submitted" / "ben" / f"{NAME}.ipynb"
    path.write_text(path.read_text().replace("return x", "return x * 0.5"))
    grade(run, place)
    after = results(place)
    assert after["ana"] == before["ana"]
    assert (after["ben"]["score"], after["ben"]["seed"]) == (10, 7)
    (kept,) = (place / "results" / ".earlier" / NAME).glob("ben.*.json")
    assert json.loads(kept.read_text()) == before["ben"]


def test_an_older_file_takes_no_newer_ones_place(run, place):
    """Whoever names an old download again is told whose files are old, and nothing is lost."""
    grade(run, place)
    shutil.copytree(place / "submitted", place / "old")
    hand_in(Course(place), place / "submitted" / "ben", ALSO_RIGHT)
    grade(run, place)
    before = results(place)
    shutil.rmtree(place / "submitted")
    shutil.move(place / "old", place / "submitted")
    assert "a newer file has replaced what is here of ben: its result stays" in grade(run, place)
    assert "0 lose" in run("regrade", "submitted", "--apply", cwd=place).stdout
    assert results(place) == before
    shutil.rmtree(place / "submitted" / "ana")
    grade(run, place, "--force")
    assert results(place)["ben"]["score"] < before["ben"]["score"]


def test_regrade_publishes_what_it_is_asked_about(run, place):
    """What waits for another person, or for an older file, goes on waiting."""
    grade(run, place, "--seed", "7")
    before = results(place)
    assert "Nothing is published" in run("regrade", "submitted", "--seed", "8", cwd=place).stdout
    hand_in(Course(place), place / "submitted" / "ben", ALSO_RIGHT)
    grade(run, place)
    shutil.rmtree(place / "submitted" / "ana")
    run("regrade", "submitted", "--seed", "8", "--apply", cwd=place)
    after = results(place)
    assert after["ana"] == before["ana"]
    assert after["ben"]["seed"] == 8
    assert after["ben"]["score"] > before["ben"]["score"]


def test_who_handed_in_nothing_gradable_has_a_result(run, place):
    """An empty folder and a document end in results that say what to submit."""
    (place / "submitted" / "cy").mkdir()
    (place / "submitted" / "dan").mkdir()
    (place / "submitted" / "dan" / "work.rar").write_bytes(b"Rar!\x1a\x07\x01\x00")
    grade(run, place)
    found = results(place)
    assert {name: found[name]["status"] for name in ("cy", "dan")} == {
        "cy": "unreadable", "dan": "unreadable",
    }  # fmt: skip
    assert "Submit week1.ipynb" in found["cy"]["reason"]
    assert "RAR" in found["dan"]["reason"]
    assert found["cy"]["score"] == found["dan"]["score"] == 0


def test_what_is_known_of_a_submission_stays_with_its_result(run, place):
    """The result says which file counts and why, which do not, and what came later is added."""
    (place / "submitted" / "ana" / "old.ipynb").write_bytes(b"{}")
    grade(run, place)
    submission = results(place)["ana"]["submission"]
    assert submission["counts"] == f"{NAME}.ipynb counts because it can be graded"
    assert submission["others"] == ["old.ipynb"]
    assert submission["whose"] == "the folder ana"
    (place / "submitted" / "ana" / "old.ipynb").unlink()
    (place / "submitted" / "ana" / NAME).mkdir()
    stamp = place / "submitted" / "ana" / NAME / "timestamp.txt"
    stamp.write_text("2026-01-02 03:04:05.000000 UTC")
    graded_at = results(place)["ana"]["graded_at"]
    grade(run, place)
    result = results(place)["ana"]
    assert result["submission"]["at"] == "2026-01-02T03:04:05+00:00"
    assert "others" not in result["submission"]
    assert result["graded_at"] == graded_at

"""What the course's policy does not show yet, no page and no answer shows to a student."""

import csv
import io
import json
import zipfile

import pytest

from autograder.course.layout import Course
from autograder.service.web.instructors import EXPORTS
from tests.service.running import ASSIGNMENT, Running, make_small_course, result, submit
from tests.support.courses import NAME, hand_in


@pytest.mark.slow
def test_a_policy_that_shows_nothing_yet_hides_score_and_checks(tmp_path, samples):
    """From the student alone: the instructor sees both."""
    running = Running(tmp_path)
    config = running.course / "course.toml"
    config.write_text(config.read_text() + '\n[policy]\nfeedback = "nothing"\n')
    running.start()
    links = running.links()
    ada, grace = running.signed_in(links["ada"]), running.signed_in(links["grace"])
    id = submit(ada, samples["goran"])
    found = result(ada, id)
    assert (found["state"], found["score"], found["exercises"]) == ("graded", None, [])
    for page in ("/", f"/assignments/{ASSIGNMENT}", f"/attempts/{id}"):
        text = ada.get(page).text
        assert "86 of 100" not in text
        assert "<b>86</b>" not in text
        assert "What the checks look at" not in text
    assert "<b>86</b>" in grace.get(f"/attempts/{id}").text
    running.stop()


RULES = """
[policy]
feedback = "score"
late = { per = "day", percent = 50, cap = 50 }
"""


def test_exports_hold_what_counts_and_no_more_than_students_may_read(tmp_path):
    """A late rule reaches every target; a policy that shows scores alone keeps the lines back."""
    make_small_course(tmp_path / "course")
    running = Running(tmp_path)
    config = running.course / "course.toml"
    config.write_text(config.read_text().replace("2099-", "2020-") + RULES)
    running.start()
    clients = {who: running.signed_in(link) for who, link in running.links().items()}
    for who, code in (("ada", "x * 2"), ("bela", "x / 2")):
        path = hand_in(Course(running.course), tmp_path / who, f"def half(x):\n    return {code}")
        id = submit(clients[who], path.read_bytes(), f"{NAME}.ipynb", NAME)
        assert result(clients[who], id)["state"] == "graded"
    where = f"/class/{NAME}/exports"
    files = {one: clients["grace"].get(f"{where}/{one}").content for one in EXPORTS}
    sheets = {one: rows(files[one]) for one in ("csv", "canvas", "moodle")}
    packed = zipfile.ZipFile(io.BytesIO(files["gradescope"]))
    scope = {one: json.loads(packed.read(f"{NAME}/{one}.json")) for one in ("ada", "bela")}
    running.stop()
    (counted,) = (row["score"] for row in sheets["csv"] if row["student"] == "bela")
    assert float(counted) == 5
    assert [r[NAME] for r in sheets["canvas"] if r["SIS Login ID"] == "bela"] == [counted]
    moodle = {row["Email address"]: row for row in sheets["moodle"]}
    assert moodle["bela@example.org"]["Grade"] == counted
    assert scope["bela"]["score"] == 5
    assert "late" in scope["bela"]["output"]
    assert "half:" not in moodle["ada@example.org"]["Feedback comments"]
    assert [test["name"] for test in scope["ada"]["tests"]] == ["Half of it (half): hidden checks"]
    assert b"<failure" not in files["junit"]


def rows(content: bytes) -> list[dict[str, str]]:
    """The rows of a sheet."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))

"""Feedback in bulk: each zip is taken apart again by the rules of the system that imports it."""

from __future__ import annotations

import json
import re
import zipfile
from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from autograder.course.policy import Disclosure
from autograder.errors import UsageError
from autograder.integrations.feedback_out import letters, pack
from autograder.integrations.options import Channel
from autograder.model import Counted, Person
from autograder.report.feedback import Feedback
from autograder.submissions.find import find
from autograder.submissions.roster import Roster
from tests.report.factory import HOSTILE_NAMES, SLIPS, mixed
from tests.support.handed_in import A1, COURSE

PEOPLE = Roster(
    (
        Person("ana", "Zoë Ana_Maria O'Brien", "ana@example.org",
               ids=(("moodle_id", "Participant 4711"), ("canvas_id", "21"))),
        Person("ben", "Ben / Ben", "ben@example.org",
               ids=(("moodle_id", "12"), ("canvas_id", "22"))),
        Person("eve", "Eve", "not an address\nBcc: all@example.org"),
    )
)  # fmt: skip
REPORTS = [mixed(student, assignment="week1") for student in ("ana", "ben", "eve")]
READ = letters(REPORTS, PEOPLE, lambda report: Feedback())


def test_moodle_finds_each_student_by_the_number(tmp_path: Path) -> None:
    """Its importer splits a name at four underscores: name, number, kind, plugin, file."""
    said = pack(Channel.MOODLE, READ, tmp_path / "out.zip")
    assert said == ("Left out, since no number of Moodle's is known: eve.",)
    with zipfile.ZipFile(tmp_path / "out.zip") as packed:
        parts = {name.split("_", 4)[1]: name.split("_", 4) for name in packed.namelist()}
        assert set(parts) == {"4711", "12"}
        assert parts["4711"][0] == "Zoë Ana Maria O'Brien"
        assert parts["4711"][2:4] == ["assignfeedback", "file"]
        assert parts["4711"][4] == "week1.html"
        assert not any("/" in name for name in packed.namelist())
        assert SLIPS["linear"][1][:20] in packed.read(packed.namelist()[0]).decode()


def test_canvas_takes_back_what_it_gave_out(tmp_path: Path) -> None:
    """The first two numbers are the user and the file; the student reads a notebook."""
    with zipfile.ZipFile(tmp_path / "submissions.zip", "w") as given:
        for name in ("obrienzoe_LATE_21_9001_week1-2.ipynb", "ben_22_9002_week1.py", "x.txt"):
            given.writestr(name, "{}")
    said = pack(
        Channel.CANVAS, READ, tmp_path / "out.zip", tmp_path / "submissions.zip", roster=PEOPLE
    )
    assert said == ("Left out, since the download has no file of theirs: eve.",)
    with zipfile.ZipFile(tmp_path / "out.zip") as packed:
        numbers = {
            tuple(re.findall(r"(?<=_)\d+(?=_)", name)[:2]): name for name in packed.namelist()
        }
        assert set(numbers) == {("21", "9001"), ("22", "9002")}
        notebook = json.loads(packed.read(numbers["21", "9001"]))
        assert "30 of 100 points" in notebook["cells"][0]["source"]


def test_whoever_bears_a_name_in_canvas_gets_nobody_elses_feedback(tmp_path: Path) -> None:
    """Two accounts of one name are kept apart, as they are when their files are graded."""
    people = Roster((Person("ana", "Ana Smith"),))
    reports = [mixed(student, assignment="week1") for student in ("smithana_11", "smithana_66")]
    with zipfile.ZipFile(tmp_path / "submissions.zip", "w") as given:
        for number in (11, 66):
            given.writestr(f"smithana_{number}_500{number}_week1.py", "")
    read = letters(reports, people, lambda report: Feedback())
    pack(Channel.CANVAS, read, tmp_path / "o.zip", tmp_path / "submissions.zip", roster=people)
    with zipfile.ZipFile(tmp_path / "o.zip") as packed:
        assert sorted(packed.namelist()) == [
            "smithana_11_50011_week1.py", "smithana_66_50066_week1.py"
        ]  # fmt: skip


def test_feedback_goes_to_whom_a_file_was_graded_for(tmp_path: Path) -> None:
    """Of two readings of a name feedback knows no other than grading: it goes to nobody else."""
    people = Roster((Person("bob", "Bob Smith", ids=(("canvas_id", "4712"),)),))
    forged = "mallory_4719_99887_smithbob_4712_99989_week1.ipynb"
    with zipfile.ZipFile(tmp_path / "submissions.zip", "w") as given:
        for name in ("smithbob_4712_99882_week1.ipynb", forged):
            given.writestr(name, "{}")
    read = letters([mixed("bob", assignment="week1")], people, lambda report: Feedback())
    pack(Channel.CANVAS, read, tmp_path / "o.zip", tmp_path / "submissions.zip", roster=people)
    with zipfile.ZipFile(tmp_path / "o.zip") as packed:
        assert packed.namelist() == ["smithbob_4712_99882_week1.ipynb"]


def test_feedback_reads_a_person_with_numbers_as_grading_does(tmp_path: Path) -> None:
    """Numbers in a person's own name are no numbers of Canvas's, in either direction."""
    people = Roster((Person("stone", ids=(("canvas_id", "4202"),)),))
    name = "stonebob_4201_4202_990001_x.ipynb"
    with zipfile.ZipFile(tmp_path / "submissions.zip", "w") as given:
        for each in (name, "roe_4203_990003_z.ipynb", "doe_4204_990004_z.ipynb"):
            given.writestr(each, "{}")
    found = find([tmp_path / "submissions.zip"], COURSE, A1, people)
    (graded,) = [job.student for job in found.jobs[A1] if job.path.name.startswith("stone")]
    read = letters([mixed(graded, assignment=A1)], people, lambda report: Feedback())
    said = pack(Channel.CANVAS, read, tmp_path / "o", tmp_path / "submissions.zip", roster=people)
    told = any("two ways" in remark for remark in found.remarks)
    assert told == bool(said)


def test_digits_in_a_handle_of_the_roster_are_nobodys_number(tmp_path: Path) -> None:
    """A login such as smith_12 is no name and number of Moodle's."""
    people = Roster((Person("smith_12", "Anna Smith"),))
    read = letters([mixed("smith_12", assignment="week1")], people, lambda report: Feedback())
    said = pack(Channel.MOODLE, read, tmp_path / "out.zip")
    assert said == ("Left out, since no number of Moodle's is known: smith_12.",)


def test_canvas_needs_its_download(tmp_path: Path) -> None:
    """Without the numbers of the files there is no name that Canvas would know."""
    with pytest.raises(UsageError, match="--download"):
        pack(Channel.CANVAS, READ, tmp_path / "out.zip")
    with pytest.raises(UsageError, match="there is no such file"):
        pack(Channel.CANVAS, READ, tmp_path / "out.zip", tmp_path / "none.zip")
    (tmp_path / "no.zip").write_text("no zip")
    with pytest.raises(UsageError, match="is no zip"):
        pack(Channel.CANVAS, READ, tmp_path / "out.zip", tmp_path / "no.zip")


def test_each_mail_is_a_draft_to_one_person(tmp_path: Path) -> None:
    """Text to read at once, the page as an attachment, and no header that a name has made."""
    said = pack(Channel.MAIL, READ, tmp_path / "mails", sender="course@example.org")
    assert said == ("Left out, since the roster has no usable address: eve.",)
    files = sorted((tmp_path / "mails").iterdir())
    assert [path.name for path in files] == ["week1--ana.eml", "week1--ben.eml"]
    mail = message_from_bytes(files[0].read_bytes(), policy=default)
    assert mail["To"].addresses[0].addr_spec == "ana@example.org"
    assert mail["Subject"] == "Feedback on week1"
    assert "30 of 100 points" in mail.get_body(("plain",)).get_content()
    (page,) = mail.iter_attachments()
    assert page.get_filename() == "week1.html"
    assert "Feedback for" in page.get_content()


@pytest.mark.parametrize(
    ("counted", "head"),
    [
        (Counted(15.0, "15: 30 points; −15 for 1 day late"), "15 of 100 points"),
        (Counted(None, "excused: ill", excused=True), "excused"),
    ],
)
def test_a_mail_says_what_counts_and_why(tmp_path: Path, counted: Counted, head: str) -> None:
    """Its text and the page that comes with it name the same points."""
    read = letters([replace(REPORTS[0], counted=counted)], PEOPLE, lambda report: Feedback())
    pack(Channel.MAIL, read, tmp_path / "mails")
    data = next((tmp_path / "mails").iterdir()).read_bytes()
    text = message_from_bytes(data, policy=default).get_body(("plain",)).get_content()
    assert text.splitlines()[0] == f"## week1: {head}"
    assert f"What counts: {counted.why}" in text
    assert "30 of 100 points" not in text


@pytest.mark.parametrize("name", HOSTILE_NAMES.values(), ids=HOSTILE_NAMES.keys())
def test_no_name_leads_astray(tmp_path: Path, name: str) -> None:
    """Whatever a person is called, the zip has one plain name and the mail one address."""
    person = Person("x", name, "x@example.org", ids=(("moodle_id", "7"),))
    read = letters([mixed("x")], Roster((person,)), lambda report: Feedback())
    pack(Channel.MOODLE, read, tmp_path / "out.zip")
    with zipfile.ZipFile(tmp_path / "out.zip") as packed:
        (made,) = packed.namelist()
    assert re.fullmatch(r"[^/\\\x00-\x1f]+_7_assignfeedback_file_a1_layers\.html", made)
    assert made.split("_", 4)[1] == "7"
    pack(Channel.MAIL, read, tmp_path / "mails")
    mail = message_from_bytes(next((tmp_path / "mails").iterdir()).read_bytes(), policy=default)
    assert [one.addr_spec for one in mail["To"].addresses] == ["x@example.org"]
    assert set(mail.keys()) == {"To", "Subject", "X-Unsent", "Content-Type", "MIME-Version"}


def test_what_may_not_be_read_yet_does_not_go_out(tmp_path: Path) -> None:
    """Before the due time neither page nor text holds a score or a remark."""
    held = letters(REPORTS, PEOPLE, lambda report: Feedback(Disclosure.NOTHING))
    pack(Channel.MAIL, held, tmp_path / "mails")
    for path in (tmp_path / "mails").iterdir():
        text = path.read_text()
        assert "of 100 points" not in text
        assert "=\nreceived" in text or "received" in text

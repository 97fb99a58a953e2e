"""course.toml on due times, late work and attempts; faults are told with line and remedy."""

import datetime
from zoneinfo import ZoneInfo

import pytest

from autograder.course.config import read_config
from autograder.course.policy import Counting, Disclosure, Late, Per, Policy
from autograder.errors import AuthorError

BERLIN = ZoneInfo("Europe/Berlin")
HEAD = 'timezone = "Europe/Berlin"\n'


def config(folder, text):
    """What the engine reads in such a file."""
    (folder / "course.toml").write_text(text, encoding="utf-8")
    return read_config(folder)


def test_without_a_word_everything_counts_and_nothing_is_late(tmp_path):
    """A course that says nothing has no due time, and the last attempt counts."""
    policy = config(tmp_path, "").policy("a1")
    assert policy == Policy("a1")
    assert (policy.due, policy.late, policy.counting) == (None, None, Counting.LAST)


def test_what_is_written_is_read(tmp_path):
    """Every key of an assignment's table is taken from the file, in the course's time zone."""
    found = config(
        tmp_path,
        HEAD
        + """
[assignments.a1]
opens = 2026-10-05T08:00:00
due = 2026-10-19T23:59:00
hard_deadline = 2026-10-26T23:59:00Z
late = { per = "hour", points = 0.5, grace_minutes = 15, cap = 20 }
attempts = "last before due"
weight = 2
extra_credit = true
dropped = ["linear"]
points = { sigmoid = 12 }
extra_credit_exercises = ["softmax"]
feedback = "headings"
feedback_before_due = "nothing"
""",
    ).policy("a1")
    assert found.due == datetime.datetime(2026, 10, 19, 23, 59, tzinfo=BERLIN)
    assert found.hard_deadline == datetime.datetime(2026, 10, 26, 23, 59, tzinfo=datetime.UTC)
    assert found.late == Late(Per.HOUR, 0.5, False, datetime.timedelta(minutes=15), 20)
    assert (found.counting, found.weight, found.extra_credit) == (Counting.LAST_BEFORE_DUE, 2, True)
    assert dict(found.points) == {"linear": 0, "sigmoid": 12}
    assert found.extra_exercises == {"softmax"}
    assert found.feedback_before_due is Disclosure.NOTHING
    assert found.where.endswith("course.toml:3")


def test_a_time_with_an_offset_is_in_the_courses_zone(tmp_path):
    """One day later it is 23:59 on the wall again, also where the clocks went back between."""
    text = "[assignments.a1]\ndue = 2026-10-24T23:59:00+02:00\n"
    due = config(tmp_path, HEAD + text).policy("a1").due
    assert due + datetime.timedelta(days=1) == datetime.datetime(
        2026, 10, 25, 23, 59, tzinfo=BERLIN
    )
    alone = config(tmp_path, text).policy("a1").due
    assert alone.utcoffset() == datetime.timedelta(hours=2)


def test_an_assignment_says_only_what_is_different(tmp_path):
    """What [policy] says holds for all that say nothing else, those without a table too."""
    found = config(
        tmp_path,
        '[policy]\nattempts = "best"\nlate = {percent = 5}\n[assignments.a2]\nattempts = "last"',
    )
    assert found.policy("a1").counting is Counting.BEST
    assert found.policy("a2").counting is Counting.LAST
    assert found.policy("a2").late == found.policy("a1").late == Late(Per.DAY, 5, True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('timezone = "Mars"', r"toml:1: timezone = 'Mars' is not a time zone like"),
        ("[assignments.a1]\ndue = 2026-10-19T23:59:00", r"toml:2: due = .* is in no time zone"),
        (HEAD + "[assignments.a1]\ndue = 2026-10-19", r"toml:3: due = .* is not a day and a time"),
        (HEAD + "[assignments.a1]\nduo = 1", r"toml:3: the key 'duo' is unknown. Take one of atte"),
        ('[policy]\n\nattempts = "first"', r'toml:3: .* is not one of "best", "last", "last bef'),
        ("[policy]\nlate = {percent = 1, points = 2}", r"toml:2: a late rule takes either"),
        ("[policy.late]\n# ten\npercent = 110", r"toml:3: percent = 110 is not a number from 0 to"),
        ('[policy]\nlate = { per = "week", percent = 1 }', r"toml:2: per = 'week' is not one of"),
        ("[assignments.'a 1']\nweight = -1", r"toml:2: weight = -1 is not a number of at least 0"),
        ("[assignments.a1]\npoints = { x = 'y' }", r"toml:2: x = 'y' is not a number"),
        ("[assignments.a1]\ndropped=['x']\npoints={x=1}", r"toml:2: x is both dropped and given"),
        (
            HEAD + "[assignments.a1]\ndue = 2026-10-19T23:59:00\nopens = 2026-10-20T08:00:00",
            r"toml:3: due is before opens. Put the later time there",
        ),
        ("[assignments.a1]\nhard_deadline = 2026-10-19T23:59:00Z", r"toml:2: a hard_deadline"),
        ("[policy]\ntokens = { most = 0 }", r"toml:2: most = 0 is not a whole number"),
        ("[policy]\nweight = 1", r"toml:2: the key 'weight' is unknown"),
    ],
)  # fmt: skip
def test_a_fault_is_said_with_its_line(tmp_path, text, said):
    """The author reads the file, the line, what is wrong and what would be right."""
    with pytest.raises(AuthorError, match=said):
        config(tmp_path, text)

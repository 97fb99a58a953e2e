"""Which attempt may take the place of one that waits: never one that could not count instead."""

import datetime
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.course.layout import Course
from autograder.service.service import Options, Service
from autograder.service.storage.attempts import Arrival
from autograder.service.storage.tables import Outcome
from tests.support.courses import NAME, write_course

DUE = datetime.datetime(2026, 10, 19, 12, tzinfo=datetime.UTC)
MINUTE = datetime.timedelta(minutes=1)
BEFORE, JUST_BEFORE, AFTER, LATER = (DUE + n * MINUTE for n in (-9, -1, 1, 9))
RULES = {
    "last": "",
    "best": 'attempts = "best"',
    "last before due": 'attempts = "last before due"\ndue = 2026-10-19T12:00:00Z',
    "last, due": "due = 2026-10-19T12:00:00Z",
    "hard": "due = 2026-10-12T12:00:00Z\nhard_deadline = 2026-10-19T12:00:00Z",
}


@pytest.fixture
def ruled(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Service]:
    """A service whose course has some rules; nobody works in it."""
    root = write_course(tmp_path / "course").root
    course_toml = root / "course.toml"
    text = course_toml.read_text(encoding="utf-8")
    course_toml.write_text(f"{text}\n[assignments.{NAME}]\n{RULES[request.param]}\n")
    made = Service(Options(Course(root), tmp_path / "data", "http://localhost:8000"))
    yield made
    made.stop(0)


@pytest.mark.parametrize(
    ("ruled", "times", "replaced"),
    [
        ("last", (BEFORE, LATER), True),
        ("last, due", (BEFORE, LATER), True),
        ("best", (BEFORE, JUST_BEFORE), False),
        ("last before due", (BEFORE, JUST_BEFORE), True),
        ("last before due", (JUST_BEFORE, AFTER), False),
        ("hard", (BEFORE, JUST_BEFORE), True),
        ("hard", (JUST_BEFORE, AFTER), False),
    ],
    indirect=["ruled"],
)
def test_no_attempt_that_could_count_is_replaced(ruled, times, replaced):
    """Of two that wait, the older one goes only where the rules could never count it."""
    arrivals = [
        Arrival("ada", NAME, "x.ipynb", ruled.files.put(b"%d" % n), "browser", time)
        for n, time in enumerate(times)
    ]
    ids = [ruled.attempts.receive([arrival])[0] for arrival in arrivals]
    outcome = Outcome.REPLACED if replaced else Outcome.WAITING
    assert [ruled.attempts.find(id).outcome for id in ids] == [outcome, Outcome.WAITING]
    assert len(ruled.queue.waiting()) == 1 + (not replaced)

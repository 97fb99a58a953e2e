"""Where a command finds its course and the people of it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.course.layout import Course
from autograder.errors import UsageError

if TYPE_CHECKING:
    from autograder.submissions.roster import Roster


def find_course(path: Path | None) -> Course:
    """The course that is named, or that this folder lies in."""
    return Course.find((path or Path.cwd()).resolve())


def find_course_if_any(path: Path | None) -> Course | None:
    """The course that is named or that lies here; results can be shown without any."""
    if path is not None:
        return find_course(path)
    with suppress(UsageError):
        return find_course(None)
    return None


def find_roster(course: Course | None) -> Roster | None:
    """The roster that course.toml names; None where it names none."""
    from autograder.submissions.roster import read_roster

    path = course.config.roster if course else None
    return read_roster(path) if path else None

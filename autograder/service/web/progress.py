"""What has changed since a student's last attempt: now right, still open, no longer right."""

from __future__ import annotations

from dataclasses import dataclass

from autograder.model import Report, Status


@dataclass(frozen=True)
class Progress:
    """The titles of the exercises that changed, and of those that are left."""

    now_right: tuple[str, ...]
    still_open: tuple[str, ...]
    no_longer_right: tuple[str, ...]


def progress(before: Report, now: Report) -> Progress:
    """Compare two reports of one student, exercise by exercise."""
    was = {part.id for part in before.exercises if part.status is Status.PASSED}
    passed = [part for part in now.exercises if part.status is Status.PASSED]
    others = [part for part in now.exercises if part.status is not Status.PASSED]
    return Progress(
        now_right=tuple(part.title for part in passed if part.id not in was),
        still_open=tuple(part.title for part in others if part.id not in was),
        no_longer_right=tuple(part.title for part in others if part.id in was),
    )

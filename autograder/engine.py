"""The door to grading: starts the sandbox first, so that it and this process load torch at once.

This module loads no torch itself. Everything behind the door does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from autograder.course import Course
from autograder.model import Job, Report, Settings
from autograder.sandbox import gpu
from autograder.sandbox.launch import launch
from autograder.source import read_release


def grade_all(
    course: Course,
    name: str,
    jobs: Iterable[Job],
    settings: Settings,
    finished: Callable[[Report], None],
) -> None:
    """Grade submissions of one assignment, handing over each report as it is done."""
    assignment = read_release(course.release(name))
    with launch(assignment.setup, gpu.of(settings.device)) as launched:
        from autograder import grading

        grading.grade_all(course, assignment, launched, jobs, settings, finished)

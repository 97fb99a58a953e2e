"""Starts a grader: the sandbox first, so that it and this process load torch at the same time.

This module loads no torch itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from autograder.course.layout import Course
from autograder.course.source import read_release
from autograder.model import Settings
from autograder.sandbox import gpu
from autograder.sandbox.launch import launch

if TYPE_CHECKING:
    from autograder.grading.grader import Grader


@contextmanager
def start_grader(course: Course, name: str, settings: Settings) -> Iterator[Grader]:
    """A warm grader of one assignment; it ends with its sandbox when the context does.

    Raises:
        AuthorError: the course is wrong.
        InfrastructureError: this machine does not reach the tier that is required.
    """
    assignment = read_release(course.release(name))
    device = gpu.of(settings.device)
    with launch(assignment.setup, course.config.sandbox, device) as process:
        from autograder.grading.grader import Grader, Preparation
        from autograder.sandbox import tiers

        prepared = Preparation(course, assignment, settings.seed)
        with (
            tiers.ready(process, settings.require, course.secrets()) as sandbox,
            closing(Grader(prepared, sandbox)) as grader,
        ):
            yield grader

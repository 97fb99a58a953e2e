"""What is made for other tools under dist/, by the name of the target."""

from __future__ import annotations

from autograder.build.course import tree as committed
from autograder.build.engine import engine
from autograder.build.gradescope import gradescope
from autograder.build.otter import assign, otter
from autograder.build.tree import stale, write
from autograder.course import Course
from autograder.errors import AuthorError
from autograder.integrations.targets import Package, Visibility
from autograder.source import read_source


def package(course: Course, name: str, target: Package, hidden_checks: Visibility) -> list[str]:
    """Make one assignment's package for another tool; return the paths to hand out or upload."""
    if behind := stale(committed(course, name), course.root):
        raise AuthorError(
            behind[0], "it is not what the source gives today", "Run: autograder build"
        )
    assignment = read_source(course.source(name))
    files = engine(course, name)
    if target is Package.GRADESCOPE:
        made = gradescope(assignment, files, hidden_checks)
        write(made, course.root)
        return sorted(made)
    text = course.source(name).read_text(encoding="utf-8")
    return assign(otter(assignment, text, files, hidden_checks), course.root, name)

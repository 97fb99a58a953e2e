"""What is made for other tools under dist/: the engine and one assignment's hidden files."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.course.config import FILE
from autograder.course.layout import Course
from autograder.course.source import read_source
from autograder.errors import AuthorError
from autograder.sandbox.bubblewrap import PACKAGE
from autograder.targets.committed import tree as committed
from autograder.targets.gradescope import gradescope
from autograder.targets.options import Package, Visibility
from autograder.targets.otter import assign, otter
from autograder.targets.project import project
from autograder.targets.students import students
from autograder.targets.tree import Tree, stale, write


def package(course: Course, name: str, target: Package, hidden_checks: Visibility) -> list[str]:
    """Make one assignment's package for another tool; return the paths to hand out or upload."""
    _refuse_stale(course, name)
    assignment = read_source(course.source(name))
    files = engine_and_course(course, name)
    if target is Package.GRADESCOPE:
        made = gradescope(assignment, files, hidden_checks)
        write(made, course.root)
        return sorted(made)
    text = course.source(name).read_text(encoding="utf-8")
    return assign(
        otter(assignment, text, files, hidden_checks, course.config.tolerances), course.root, name
    )


def kit(course: Course, names: Sequence[str]) -> list[str]:
    """Make what students of these assignments are given; return the paths."""
    for name in names:
        _refuse_stale(course, name)
    made = students(course.config.title, {n: course.release(n).read_bytes() for n in names})
    write(made, course.root)
    return sorted(made)


def _refuse_stale(course: Course, name: str) -> None:
    if behind := stale(committed(course, name), course.root):
        raise AuthorError(
            behind[0], "it is not what the source gives today", "Run: autograder build"
        )


def engine_and_course(course: Course, name: str) -> Tree:
    """A course of one assignment with the engine beside it: it grades wherever it is unpacked."""
    root = PACKAGE.parent
    files = [p for p in PACKAGE.rglob("*") if p.is_file() and "__pycache__" not in p.parts]
    tree = {str(path.relative_to(root)): path.read_bytes() for path in files}
    tree.update(project(course.config.sandbox.packages))
    hidden = (course.graders(name), course.mistakes(name), course.solution(name))
    for path in (course.root / FILE, *hidden, course.release(name)):
        tree[str(path.relative_to(course.root))] = path.read_bytes()
    return tree

"""The names of what results and assignments can be turned into; plain words, so quick to load."""

from __future__ import annotations

from enum import StrEnum


class Target(StrEnum):
    """Where results can go."""

    NBGRADER = "nbgrader"
    CSV = "csv"
    CANVAS = "canvas"
    MOODLE = "moodle"
    GRADESCOPE = "gradescope"
    CLASSROOM50 = "classroom50"
    JUNIT = "junit"
    ACTIONS = "actions"


class Package(StrEnum):
    """For which tool an assignment can be packed."""

    OTTER = "otter"
    GRADESCOPE = "gradescope"


class Visibility(StrEnum):
    """When students see a test, in Gradescope's words."""

    VISIBLE = "visible"
    AFTER_DUE_DATE = "after_due_date"
    AFTER_PUBLISHED = "after_published"
    HIDDEN = "hidden"

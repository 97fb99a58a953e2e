"""The names of the places where results can go; quick to load."""

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


# Read by those who teach; what goes to all other targets, students can read there too.
FOR_STAFF = (Target.CSV, Target.CANVAS, Target.NBGRADER)


class Channel(StrEnum):
    """How feedback goes out to a whole class."""

    MOODLE = "moodle"
    CANVAS = "canvas"
    MAIL = "mail"

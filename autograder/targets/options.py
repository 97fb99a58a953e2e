"""For which tools an assignment can be packed, and who sees what there; quick to load."""

from __future__ import annotations

from enum import StrEnum


class Package(StrEnum):
    """For which tool an assignment can be packed."""

    OTTER = "otter"
    STUDENTS = "students"
    GRADESCOPE = "gradescope"


class Visibility(StrEnum):
    """When students see a test, in Gradescope's words."""

    VISIBLE = "visible"
    AFTER_DUE_DATE = "after_due_date"
    AFTER_PUBLISHED = "after_published"
    HIDDEN = "hidden"

"""The instructor's own words for a layout: --layout "{section}/{student}/{file}"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.errors import UsageError

_FIELDS = ("section", "student", "assignment", "file")
_EMPTY = "(empty)"  # stands for the file of an empty folder


@dataclass(frozen=True)
class Fit:
    """What the parts of a path are."""

    student: str
    section: str
    assignment: str
    file: tuple[str, ...]
    upto: tuple[str, ...]  # the path's parts up to the student's own folder or file


class Pattern:
    """A pattern for paths: {student}, {section}, {assignment}, {file} with all below it, and *.

    Raises:
        UsageError: it says no {student}, or something that no path is.
    """

    def __init__(self, text: str, assignments: Sequence[str]) -> None:
        self.text = text
        parts = text.strip("/").split("/")
        names = re.findall(r"\{(\w*)\}", text)
        unknown = [name for name in names if name not in _FIELDS]
        if unknown or names.count("student") != 1 or len(set(names)) < len(names):
            raise UsageError(
                f"--layout {text}: say {{student}} once, and if need be {{section}}, "
                "{assignment}, {file} and *, as in '{section}/{student}/{file}'."
            )
        if "file" in names and "{file}" not in parts[-1]:
            raise UsageError(f"--layout {text}: {{file}} is the end of a path. Put it last.")
        self._depth = next(i for i, part in enumerate(parts, 1) if "{student}" in part)
        spelt = "|".join(map(spelling, assignments))
        self._regex = re.compile("/".join(_regex(part, spelt) for part in parts), re.DOTALL)

    def match(self, parts: tuple[str, ...], *, is_file: bool) -> Fit | None:
        """Read one path; None where it does not fit."""
        whole = parts if is_file else (*parts, _EMPTY)
        found = self._regex.fullmatch("/".join(whole))
        if found is None:
            return None
        said = found.groupdict()
        file = tuple((said.get("file") or parts[-1]).split("/"))
        inner = tuple(part for part in file if part != _EMPTY)
        upto = parts[: self._depth]
        return Fit(
            said["student"], said.get("section", ""), said.get("assignment", ""), inner, upto
        )


def spelling(assignment: str) -> str:
    """A regular expression for an assignment's name, however its words are joined."""
    return r"[ _-]*".join(map(re.escape, re.split(r"[_-]", assignment)))


def _regex(part: str, assignments: str) -> str:
    pieces = re.split(r"(\{\w+\}|\*)", part)
    return "".join(_piece(piece, assignments) for piece in pieces)


def _piece(piece: str, assignments: str) -> str:
    special = {
        "*": "[^/]*",
        "{file}": "(?P<file>.+)",
        "{assignment}": f"(?P<assignment>(?i:{assignments}))",
        "{student}": "(?P<student>[^/]+?)",
        "{section}": "(?P<section>[^/]+?)",
    }
    return special.get(piece) or re.escape(piece)

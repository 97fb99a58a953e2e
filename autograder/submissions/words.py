"""What folders and files are called that is nobody's name: sections, wrappers, drafts, endings."""

from __future__ import annotations

import re


def _pattern(*alternatives: str, repeated: bool = False) -> re.Pattern[str]:
    """Any of these, in any letter case; "-" stands for what joins two words, if anything."""
    joined = "|".join(one.replace("-", "[ _-]?") for one in alternatives)
    return re.compile(f"({joined}){'+' if repeated else ''}", re.IGNORECASE)


# what lies beside submitted/ in a course folder of nbgrader's
NBGRADER = {"source", "release", "autograded", "feedback", "gradebook.db", "nbgrader_config.py"}
# a folder that an instructor, a zip program or a download puts around the submissions
WRAPPER = _pattern(
    r"submi(ssions?|tted)", r"hand(ed)?-ins?", r"turned-in", "collected", "inbound",
    "inbox", "in", "downloads?", "uploads?", "students", "everybody", "all", "files", "class",
    r"assignment_\d+_export", r"(assignment|homework|hw|ps|week)-\d{0,3}",
)  # fmt: skip
_DAY = (
    "((sun|mon|tues|wednes|thurs|fri|satur)day|(mon|diens|donners|frei|sams|sonn)tag|mittwoch"
    "|(lun|mar|mercre|jeu|vendre)di|lunes|martes|mi[eé]rcoles|jueves|viernes"
    "|morning|afternoon|evening)"
)
_SHORT_DAY = "(mon|tues?|wed|thu(rs)?|fri)"  # names and logins begin so, too
_KIND = (
    "(section|sect?|lab|tutorial|tut|recitation|seminar|discussion|practical|cohort|stream"
    "|gruppe|übungsgruppe|übung|grupo|groupe|group)"
)
_NUMBER = r"[a-z]?\d{1,4}([:.h-]\d{1,4})*([a-z]|am|pm)?"  # or a time: 10am, 9:00, 10-12
_TOKEN = f"({_NUMBER}|[a-z]|[ap]m|{_DAY}|{_SHORT_DAY}|{_KIND})"
_APART = r"[ _.,()&-]+"
# a day or a kind is a whole word, and no name follows it: thu_nguyen and labelle are people
SECTION = re.compile(
    rf"({_DAY}(\d{{1,4}})?|{_KIND}({_APART})?{_NUMBER}|{_KIND}{_APART}{_TOKEN}"
    rf"|{_SHORT_DAY}{_APART}({_NUMBER}|{_DAY}|{_KIND}))({_APART}{_TOKEN})*\)?",
    re.IGNORECASE,
)
# folders within one submission, as students and tools call them
INNER = _pattern(
    "notebooks?", "src", "code", "data", "docs?", "release", "work", "old", "backup", "scratch",
    "solutions?", r"(hw|homework)\d*", r"(submission|feedback) attachment\(s\)", "images?", "files",
    "tests?", "results?", "final",
    "projects?",
)  # fmt: skip
# files that are called after nobody: "final draft (2)"
NO_NAME = _pattern(
    "untitled", "notebook", "solutions?", "answers?", "final", "draft", "homework", "hw",
    "assignment", "exercises?", "copy", "submission", "new", "old", "scratch", "main", "work",
    "version", "done", "finished", "backup", "test", r"\d", r"[ _.()\x2d]",
    repeated=True,
)  # fmt: skip
# files that an instructor or a tool lays beside the submissions
BESIDE = _pattern(
    r"(readme|licen[sc]e)(\..*)?", r".*\.(csv|tsv|xlsx|log|ya?ml|toml|cfg|ini|md|db|bib|sh)",
    r"timestamp\.txt", "makefile",
)  # fmt: skip
ENDING = re.compile(r"\.(ipynb|py|json|txt|zip|html?|pdf|docx?|rar|7z|tar|gz|tgz|md)$", re.I)
# what GitHub and GitLab add to the name of a repository that is downloaded as a zip file
BRANCH = re.compile(r"-((main|master)(-[0-9a-f]{7,40})?|[0-9a-f]{40})$", re.IGNORECASE)
DUPLICATE = re.compile(r" ?\(\d+\)$|(?<![ _-])[ _-]+copy( \d+)?$", re.IGNORECASE)

"""Who is who: the roster's students in its order, and whoever else handed something in."""

from __future__ import annotations

from autograder.model import HandedIn
from autograder.report.people import UNKNOWN, members
from autograder.submissions.roster import STUDENT, Roster
from tests.report.factory import person, report


def test_the_roster_s_students_come_first_in_its_order() -> None:
    """Who submitted nothing has a place too; strangers and staff come last, with their roles."""
    roster = Roster((person("zoe"), person("tina", role="ta"), person("ana"), person("bob")))
    reports = [report("ana"), report("stranger"), report("tina"), report("zoe")]
    found = members(reports, roster)
    assert [one.person.student for one in found] == ["zoe", "ana", "bob", "stranger", "tina"]
    assert [one.report for one in found] == [reports[3], reports[0], None, reports[1], reports[2]]
    assert [one.person.role for one in found[3:]] == [UNKNOWN, "ta"]
    assert [one.is_student for one in found] == [True, True, True, False, False]


def test_without_a_roster_everybody_who_handed_in_is_a_student() -> None:
    """Nobody is missing and nobody unknown where no roster tells."""
    found = members([report("b"), report("a")])
    assert [(one.person.student, one.person.role) for one in found] == [
        ("b", STUDENT),
        ("a", STUDENT),
    ]


def test_two_reports_of_one_person_are_both_kept() -> None:
    """Nothing is lost where a student appears twice."""
    reports = [report("ana"), report("ana", file="other.ipynb")]
    assert [one.report for one in members(reports, Roster((person("ana"),)))] == reports


def test_a_section_comes_from_the_roster_or_else_from_the_submission() -> None:
    """What the roster says of a section stands above what a folder says."""
    came = HandedIn(section="folder")
    reports = [report("ana", handed_in=came), report("bob", handed_in=came)]
    roster = Roster((person("ana", section="roster"), person("bob", section="")))
    assert [one.person.section for one in members(reports, roster)] == ["roster", "folder"]
    assert [one.person.section for one in members(reports)] == ["folder", "folder"]

"""What is left of reports and roster when names are hidden, and what the labels give away."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from autograder.model import HandedIn, Report, Status
from autograder.report.anonymous import anonymise
from autograder.submissions.roster import Roster
from tests.report.factory import (
    check,
    classroom,
    exercise,
    not_graded,
    person,
    report,
    roster,
    slipped,
)


def marked(reports: list[Report]) -> list[Report]:
    """The reports with their student's handle where no label hides it."""
    return [replace(one, graded_at=one.student) for one in reports]


def labels(reports: list[Report]) -> dict[str, str]:
    """Whom each label stands for, from reports that ``marked`` has made."""
    return {one.student: one.graded_at for one in reports}


def test_the_labels_are_numbers_in_no_order_of_names() -> None:
    """Forty students get the numbers 1 to 40, and these do not follow the alphabet."""
    hidden = anonymise(marked(classroom(40)))
    whom = labels(hidden.reports)
    assert list(whom) == [f"Student {number}" for number in range(1, 41)]
    moved = [a > b for a, b in zip(whom.values(), list(whom.values())[1:], strict=False)]
    assert 10 < sum(moved) < 30


def test_a_person_has_one_label_everywhere() -> None:
    """Two assignments, the last grading and the roster agree, in whatever order they were read."""
    reports = marked([*classroom(9), *classroom(9, assignment="a2")])
    before = marked(classroom(8, seed=8))
    people = roster(9)
    one = anonymise(reports, people, before)
    assert one == anonymise(reports[::-1], people, before[::-1])
    assert labels(one.reports).items() >= labels(one.previous).items()
    assert len(labels(one.reports)) == 9
    whom = labels(one.reports)
    sections = {known.student: known.section for known in people.people}
    assert one.roster is not None
    assert {p.student: p.section for p in one.roster.students} == {
        label: sections[handle] for label, handle in whom.items()
    }


def test_labels_cannot_be_worked_out_from_the_class_list() -> None:
    """With the same handles and seed but another file the labels are others."""
    reports = marked(classroom(40))
    other = [replace(reports[0], sha256="4a" * 32), *reports[1:]]
    assert labels(anonymise(reports).reports) != labels(anonymise(other).reports)


def test_staff_and_strangers_stay_what_they_are() -> None:
    """Labels keep the roles that tell a student from others; staff who did nothing need none."""
    people = Roster((person("ana"), person("tina", role="ta"), person("tom", role="ta")))
    hidden = anonymise(marked([report("tina"), report("stranger")]), people)
    whom = {handle: label for label, handle in labels(hidden.reports).items()}
    assert hidden.roster is not None
    roles = {one.student: one.role for one in hidden.roster.people}
    assert (roles[whom["tina"]], roles[whom["stranger"]]) == ("ta", "")
    assert len(hidden.roster.people) == 3
    assert len(hidden.roster.students) == 1


def test_without_a_roster_there_is_none_afterwards() -> None:
    """A label does not make a roster."""
    assert anonymise([report()]).roster is None


def test_what_a_student_has_written_is_left_out() -> None:
    """Neither code, nor file, nor notes, nor how the file came remains; when and where do."""
    came = HandedIn("2026-11-22", True, "A", "the folder ana", "newest", ("ana.ipynb",), ("ana?",))
    one = report("ana", file="ana.ipynb", notes=("ana's cell was skipped",), handed_in=came)
    (hidden,) = anonymise([one]).reports
    assert "ana" not in str(asdict(hidden))
    assert hidden.sha256 == ""
    assert all(part.code == "" for part in hidden.exercises)
    assert hidden.handed_in == HandedIn(at="2026-11-22", late=True, section="A")
    assert hidden.score == one.score


def test_the_reason_is_left_out() -> None:
    """A reason may name a file or a folder, so none is shown."""
    (hidden,) = anonymise([not_graded(reason="/home/ana/a1.ipynb: cannot be read")]).reports
    assert hidden.reason is None


def test_only_remarks_that_no_student_has_worded_stay() -> None:
    """A tutor's line and a check's sentence are kept; what may quote the code is not."""
    failed = check(Status.FAILED, message="Works when the layer is square – not yet.")
    quoted = "Found ana_linear, expected linear: the function's name decides what is graded."
    parts = (slipped("linear"), exercise("sigmoid", remarks=(failed.message,), checks=(failed,)))
    parts += (exercise("decide", Status.CRASHED, remarks=(quoted,)),)
    example = check(Status.CRASHED, hidden=False, message="The example – not yet. I am Ana (...)")
    stopped = check(Status.CRASHED, message="Works on a batch – not yet. It stopped with an error.")
    said = (example.message, stopped.message)
    parts += (exercise("half", Status.CRASHED, remarks=said, checks=(example, stopped)),)
    (hidden,) = anonymise([report(exercises=parts)]).reports
    remarks = [part.remarks for part in hidden.exercises]
    assert remarks == [slipped("linear").remarks, (failed.message,), (), (stopped.message,)]
    assert "I am Ana" not in str(asdict(hidden))


@pytest.mark.parametrize(
    "flag",
    [
        "byte-identical with s0007's",
        "the same comments as in doe_jane.ipynb",
        "signed by Jane Doe",
        "signed by JANE",
        "mentions Jane",
        "mentions j.doe",
        "mentions someone@example.net",
        "cell 2 mentions /home/somebody",
        "also found in old-homework.ipynb",
        "cell 2 mentions gc, gc.I_am_Annab",
        "cell 2 mentions the text '__I_am_Annab'",
        "cell 2 mentions getattr(torch.Annab, ...) with a computed name",
    ],
)
def test_flags_that_may_name_people_are_left_out(flag: str) -> None:
    """Handles, names and their parts, addresses, paths and files are found in any spelling."""
    jane = person("s0007", name="Jane Doe", email="j.doe@example.org")
    others = HandedIn(others=("old-homework.ipynb",))
    one = report("s0001", flags=(flag, "cell 4 mentions _getframe"), handed_in=others)
    reports = [one, report("doe_jane")]
    hidden = anonymise(reports, Roster((jane,))).reports
    kept = [said for report in hidden for said in report.flags]
    assert kept == ["cell 4 mentions _getframe"]

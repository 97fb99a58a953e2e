"""GitHub Actions: annotations, a step summary in Markdown, and JUnit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree

from autograder.model import Check, ExerciseReport, Outcome, Report, Status
from autograder.report.labels import FOR_STUDENTS, exercise_words
from autograder.report.sanitize import clean, few_notes, number, one_line
from autograder.report.summary import score_of

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+!|~&$@])")
_UNFIT_FOR_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def workflow_commands(reports: Sequence[Report]) -> str:
    """Annotations, to be printed: one for each exercise with a fault, at the notebook."""
    return "".join(f"{line}\n" for report in reports for line in _annotated(report))


def _annotated(report: Report) -> Iterator[str]:
    if report.status is not Outcome.GRADED:
        yield _command("error", report.file, report.status.value, report.reason or "")
    for exercise in report.exercises:
        if exercise.status is not Status.PASSED and exercise.points > 0:
            title = f"{exercise.id}: {exercise_words(exercise)}"
            yield _command("warning", report.file, title, "\n".join(exercise.remarks))


def _command(level: str, file: str, title: str, message: str) -> str:
    properties = f"file={_property(file)},title={_property(title)}"
    return f"::{level} {properties}::{_data(message)}"


def _data(text: str) -> str:
    """Text that cannot end a command and begin another."""
    return clean(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(one_line(text)).replace(":", "%3A").replace(",", "%2C")


def summary(reports: Sequence[Report]) -> str:
    """A page in Markdown: a table of exercises for each report, and what to fix."""
    several = len({report.student for report in reports}) > 1
    return "\n".join(
        _summarised(report, f"{report.student}, " if several else "") for report in reports
    )


def _summarised(report: Report, whose: str) -> str:
    head = f"## {_text(whose + report.heading)}: {_total(report)}\n"
    if report.counted:
        head += f"\nWhat counts: {_text(report.counted.why)}\n"
    if report.reason:
        return f"{head}\n{_text(report.reason)}\n"
    table = ["| exercise | points | result |", "| --- | ---: | --- |"]
    table += [_row(exercise) for exercise in report.exercises]
    remarks = [
        f"- **{_text(exercise.title)}**: {_text(remark)}"
        for exercise in report.exercises
        for remark in exercise.remarks
    ]
    notes = [f"- {_text(note)}" for note in few_notes(report)]
    return "\n".join([head, *table, "", *remarks, *notes, ""])


def _total(report: Report) -> str:
    score = score_of(report)
    if score is None:
        return "excused" if report.excused else "not graded"
    return f"{number(score)} of {number(report.max_score)} points"


def _row(exercise: ExerciseReport) -> str:
    mark = "✓" if exercise.status is Status.PASSED else "✗"
    points = f"{number(exercise.score)} / {number(exercise.points)}"
    return f"| {_text(exercise.title)} | {points} | {mark} {exercise_words(exercise)} |"


def _text(text: str) -> str:
    """Plain text, whatever marks of Markdown or HTML are in it.

    GitHub calls whoever's name stands behind an @, escaped or not: here something unseen does.
    """
    return _MARKDOWN.sub(r"\\\1", one_line(text, 1000)).replace("@", "@\u2060")


def junit(reports: Sequence[Report]) -> str:
    """The reports as JUnit XML: a suite for each submission, a case for each check."""
    root = ElementTree.Element("testsuites", name="autograder")
    for report in reports:
        root.append(_suite(report))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _suite(report: Report) -> ElementTree.Element:
    name = f"{report.assignment} {report.student}"
    suite = ElementTree.Element("testsuite", name=_xml(name), timestamp=report.graded_at[:19])
    if report.status is not Outcome.GRADED:
        case = ElementTree.SubElement(suite, "testcase", name=report.status.value, classname="file")
        ElementTree.SubElement(case, "error", message=_xml(report.reason or ""))
    for exercise in report.exercises:
        for check in exercise.checks:
            suite.append(_case(exercise, check))
    counts = {kind: len(suite.findall(f"testcase/{kind}")) for kind in _KINDS}
    suite.attrib.update(
        tests=str(len(suite)),
        time=f"{report.seconds:.0f}",  # whole seconds: a time is a message, too
        **{f"{kind}s".replace("skippeds", "skipped"): str(n) for kind, n in counts.items()},
    )
    return suite


_KINDS = ("failure", "error", "skipped")
_KIND_OF = {Status.FAILED: "failure", Status.NOT_RUN: "skipped", Status.NOT_JUDGED: "skipped"}


def _case(exercise: ExerciseReport, check: Check) -> ElementTree.Element:
    case = ElementTree.Element(
        "testcase", classname=exercise.id, name=_xml(check.name), time=f"{check.seconds:.0f}"
    )
    if check.status is not Status.PASSED:
        message = check.message or FOR_STUDENTS[check.status]
        ElementTree.SubElement(case, _KIND_OF.get(check.status, "error"), message=_xml(message))
    return case


def _xml(text: str) -> str:
    return _UNFIT_FOR_XML.sub("", one_line(text, 2000))

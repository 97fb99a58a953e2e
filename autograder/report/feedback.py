"""The feedback page of one student: a small file that prints, works offline, runs no script."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any

from autograder.course.policy import Disclosure
from autograder.model import Check, ExerciseReport, Outcome, Report, Status, Tier
from autograder.notebook.wording import reason, sentence
from autograder.report.disclosure import disclosed
from autograder.report.labels import TIERS, check_words, exercise_words
from autograder.report.render import digest, part, render
from autograder.report.sanitize import clean, count, one_line
from autograder.report.summary import score_of
from autograder.submissions.names import file_stem

LARGEST = 60_000  # bytes of a page
CODE_BYTES = (30_000, 15_000)  # room for the student's code, tried in turn
LONGEST_LINE = 200
MOST_NOTES = 12  # and files
MOST_REMARKS = 3


@dataclass(frozen=True)
class Line:
    """Checks of which the page says the same: one line, with their sentences folded below it."""

    words: str
    checks: tuple[Check, ...]
    reason: str

    @property
    def status(self) -> Status:
        """What became of each of them."""
        return self.checks[0].status

    @property
    def sentences(self) -> list[str]:
        """What each of them looks at, once."""
        return list(dict.fromkeys(sentence(check.message) for check in self.checks))


@dataclass(frozen=True)
class Shown:
    """One exercise as the page shows it."""

    report: ExerciseReport
    words: str
    remarks: tuple[str, ...]
    lines_of_checks: tuple[Line, ...]
    code: str
    lines: int
    left_out: int  # lines of code that did not fit

    @property
    def named(self) -> bool:
        """Whether the first remark is about a known mistake, and not what a check says."""
        said = {one_line(check.message, 500) for check in self.report.checks}
        return bool(self.report.mistake) and self.remarks[0] not in said

    @property
    def done(self) -> bool:
        """Nothing left to look at."""
        return self.report.status is Status.PASSED


def page_name(report: Report) -> str:
    """Name one report's feedback page; no stem holds ``--``, so no two pages collide."""
    return f"{file_stem(report.assignment)}--{file_stem(report.student)}.html"


@dataclass(frozen=True)
class Feedback:
    """What a student may read of a report, and if that is nothing so far, from when on."""

    level: Disclosure = Disclosure.MISTAKES
    until: datetime | None = None
    said: str = ""  # why there is nothing so far, where that is not the same for everybody


def feedback_page(report: Report, feedback: Feedback = Feedback()) -> str:
    """The whole page as one HTML text: what went well, and for each exercise where to look next."""
    pages = (_page(report, feedback, code_bytes) for code_bytes in CODE_BYTES)
    whole = next((page for page in pages if len(page.encode()) < LARGEST), None)
    return whole or _page(report, feedback, 0)


def feedback_values(
    report: Report, feedback: Feedback = Feedback(), code_bytes: int = CODE_BYTES[0]
) -> dict[str, Any]:
    """What the templates feedback_body and feedback_facts show of a report."""
    later = report.status is Outcome.GRADED and feedback.level is Disclosure.NOTHING
    report = disclosed(report, feedback.level)
    notes = [one_line(note) for note in report.notes]
    return {
        "report": report,
        "later": later,
        "until": _moment(feedback.until.isoformat()) if later and feedback.until else "",
        "later_said": feedback.said if later else "",
        "points": score_of(report),
        "came": report.handed_in,
        "handed_in_at": _moment(report.handed_in.at),
        "most": MOST_NOTES,
        "went_well": went_well(report),
        "exercises": _shown(report.exercises, code_bytes),
        "notes": notes[:MOST_NOTES],
        "more_notes": len(notes[MOST_NOTES:]),
        "tier": TIERS[report.tier],
        "warn": report.tier in (Tier.SEPARATE, Tier.PRACTICE),
    }


def _page(report: Report, feedback: Feedback, code_bytes: int) -> str:
    style = part("common.css") + part("feedback.css")
    policy = f"default-src 'none'; style-src {digest(style)}"
    values = feedback_values(report, feedback, code_bytes)
    return render("feedback.html.j2", style=style, policy=policy, **values)


def _moment(iso: str) -> str:
    """A moment as people of any country read it, with its time zone where one is known."""
    try:
        moment = datetime.fromisoformat(iso)
    except ValueError:
        return one_line(iso, 60)
    return f"{moment:%Y-%m-%d at %H:%M %Z}".strip()


def went_well(report: Report) -> str:
    """One true sentence on what went well; where nothing did, on where to begin."""
    if report.status is not Outcome.GRADED or not report.exercises:
        return ""
    full = [exercise for exercise in report.exercises if exercise.status is Status.PASSED]
    if full:
        return _full_marks(full, len(report.exercises))
    return _best_effort(report.exercises)


def _full_marks(full: list[ExerciseReport], total: int) -> str:
    seen = all(any(check.hidden for check in exercise.checks) for exercise in full)
    what = " every check, the hidden ones too" if seen else " the visible checks"
    if not any(exercise.checks for exercise in full):
        what = ""  # what was checked may not be read
    if len(full) == total:
        return f"All {count(total, 'exercise')} pass{what}." if total > 1 else f"It passes{what}."
    names = [one_line(exercise.title, 80) for exercise in full]
    listed = (
        " and ".join(names)
        if len(names) < 3
        else f"{names[0]}, {names[1]} and {len(names) - 2} more"
    )
    verb = "passes" if len(full) == 1 else "pass"
    return f"{len(full)} of {total} exercises {verb}{what}: {listed}."


def _best_effort(exercises: tuple[ExerciseReport, ...]) -> str:
    best = max(exercises, key=lambda exercise: _passed(exercise) / max(len(exercise.checks), 1))
    if _passed(best):
        share = f"{_passed(best)} of its {count(len(best.checks), 'check')}"
        return f"{one_line(best.title, 80)} is on its way: it passes {share} already."
    tried = sum(exercise.status is not Status.NOT_ATTEMPTED for exercise in exercises)
    if tried:
        answers = count(tried, "exercise has an answer", "exercises have an answer")
        told = any(exercise.remarks for exercise in exercises)
        where = "; each remark below says where to look next" if told else ""
        return f"{answers} to build on{where}."
    return f"No exercise has an answer yet. A good first one: {one_line(exercises[0].title, 80)}."


def _passed(exercise: ExerciseReport) -> int:
    return sum(check.status is Status.PASSED for check in exercise.checks)


def _shown(exercises: tuple[ExerciseReport, ...], size: int) -> list[Shown]:
    share = max(len(exercises), 1)
    return [_show(exercise, size // share) for exercise in exercises]


def _show(exercise: ExerciseReport, size: int) -> Shown:
    lines = clean(exercise.code).strip("\n").expandtabs(4).split("\n")
    kept = list(_fitting(lines, size))
    return Shown(
        report=exercise,
        words=exercise_words(exercise),
        remarks=tuple(one_line(remark, 500) for remark in _remarks(exercise)),
        lines_of_checks=tuple(_lines(exercise.checks)),
        code="\n".join(kept),
        lines=len(kept) if exercise.code.strip() else 0,
        left_out=len(lines) - len(kept),
    )


def _lines(checks: tuple[Check, ...]) -> Iterator[Line]:
    """The checks in their order; hidden ones that tell the same stand with the first of them."""
    alike = dict[object, list[Check]]()
    for place, check in enumerate(checks):
        alike.setdefault(_tells(check) or place, []).append(check)
    for group in alike.values():
        yield Line(check_words(group[0]), tuple(group), reason(group[0].message))


def _tells(check: Check) -> tuple[Status, str] | None:
    """What a hidden check tells beside its sentence; None for what is read by itself.

    Why something stopped, or was not looked at, is told once for an exercise: see grading.judging.
    """
    if not check.hidden or not check.message or check.status is Status.PASSED:
        return None
    if check.status is Status.FAILED:
        why = reason(check.message)
        return (check.status, why) if why else None
    return check.status, ""


def _remarks(exercise: ExerciseReport) -> tuple[str, ...]:
    """The remark that matters most, and what of the others no check below it says anyway."""
    said = {check.message for check in exercise.checks}
    first = exercise.remarks[:1]
    others = exercise.remarks[1:MOST_REMARKS]
    return (*first, *(remark for remark in others if remark not in said))


def _fitting(lines: list[str], size: int) -> Iterator[str]:
    """The first lines whose HTML, with a line number each, is no larger than ``size``."""
    for line in lines:
        shown = line if len(line) <= LONGEST_LINE else line[: LONGEST_LINE - 1] + "…"
        size -= len(escape(shown).encode()) + 5
        if size < 0:
            return
        yield shown

"""The class page of the instructor: what to say in class, whom to help, what to look into."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from autograder.model import Outcome, Report, Status, Tier
from autograder.report.feedback import page_name
from autograder.report.labels import FAULTS, FOR_INSTRUCTORS, OUTCOMES, TIERS
from autograder.report.plotly_js import sheet_ids
from autograder.report.render import EMPTY_STYLE, data_block, digest, part, render
from autograder.report.sanitize import number, one_line
from autograder.report.summary import Change, ExerciseSummary, Summary, score_of, summarise

STATUSES = list(Status)
SIGNS = {"higher": "+", "lower": "−"}
MOST = 12  # lines of any list that the table below it holds in full


@dataclass(frozen=True)
class Flag:
    """One review flag and who has it."""

    text: str
    students: tuple[Report, ...]


def class_page(reports: Sequence[Report], previous: Sequence[Report] = ()) -> str:
    """The whole page as one HTML text; it looks for ``plotly.min.js`` and ``students/`` beside it.

    ``previous`` holds the reports of the last grading, to say what has changed since.
    """
    style = part("common.css") + part("class.css")
    script = part("class.js")
    summaries = summarise(reports, previous)
    return render(
        "class.html.j2",
        style=style,
        script=script,
        policy=_policy(style, script),
        summaries=summaries,
        data=data_block([_section_data(summary) for summary in summaries]),
        sheet_ids=sheet_ids(),
        statuses=STATUSES,
        most=MOST,
        status_words=FOR_INSTRUCTORS,
        tier_words=TIERS,
        facts=_facts,
        weak_tiers=_weak_tiers,
        attention=_attention,
        faults=_faults,
        flags=_flags,
        changed=_changed,
        change_counts=_change_counts,
        change_words=_change_words,
        score_words=_score_words,
        bin_words=_bin_words,
        page_name=page_name,
    )


def _policy(style: str, script: str) -> str:
    """Allow only this page's own style and script and plotly.min.js beside it."""
    return (
        f"default-src 'none'; script-src 'self' {digest(script)}; "
        f"style-src {digest(style)} {digest(EMPTY_STYLE)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _section_data(summary: Summary) -> dict[str, Any]:
    """What the page's script needs to draw one assignment's pictures and table."""
    changes = {change.student: change for change in summary.changes}
    return {
        "bins": summary.histogram(),
        "binNames": [_bin_words(place) for place in range(len(summary.histogram()))],
        "statuses": [FOR_INSTRUCTORS[status] for status in STATUSES],
        "exercises": [_exercise_data(exercise) for exercise in summary.exercises],
        "compared": bool(changes),
        "rows": [_row(report, changes.get(report.student)) for report in summary.reports],
    }


def _exercise_data(exercise: ExerciseSummary) -> dict[str, Any]:
    counts = [exercise.counts[status] for status in STATUSES]
    return {
        "id": one_line(exercise.id, 60),
        "title": one_line(exercise.title, 120),
        "counts": counts,
    }


def _row(report: Report, change: Change | None) -> dict[str, Any]:
    """One student's line in the table, every text cleaned."""
    slips = [
        one_line(part.mistake, 60).replace("_", " ") for part in report.exercises if part.mistake
    ]
    return {
        "student": one_line(report.student, 80) or "(no name)",
        "page": page_name(report),
        "score": score_of(report),
        "change": change.delta if change else None,
        "changed": _change_words(change) if change else "",
        "results": [
            [one_line(part.id, 60), STATUSES.index(part.status)] for part in report.exercises
        ],
        "outcome": OUTCOMES[report.status],
        "mistakes": slips,
        "flags": [one_line(flag, 120) for flag in report.flags[:5]],
    }


def _facts(summary: Summary) -> list[tuple[str, str]]:
    """The figures at the head of a section."""
    graded = summary.graded
    full = sum(all(part.status is Status.PASSED for part in report.exercises) for report in graded)
    facts = [("Submissions", f"{len(summary.reports):,}")]
    if graded:
        facts += [
            ("Median", f"{number(summary.median)} of {number(summary.max_score)}"),
            ("Mean", f"{summary.mean:.1f}"),
            ("Everything right", f"{full:,}"),
        ]
    unread = {name: len(summary.with_outcome(outcome)) for outcome, name in OUTCOMES.items()}
    return facts + [
        (name.capitalize(), f"{n:,}") for name, n in unread.items() if n and name != "graded"
    ]


def _weak_tiers(summary: Summary) -> list[tuple[Tier, int]]:
    """The tiers that did not wall students off, with how many were graded there."""
    tiers = Counter(report.tier for report in summary.reports)
    return [(tier, tiers[tier]) for tier in (Tier.PRACTICE, Tier.SEPARATE) if tiers[tier]]


def _attention(summary: Summary) -> list[Report]:
    """The submissions without a verdict on the work."""
    return [*summary.with_outcome(Outcome.NOT_GRADED), *summary.with_outcome(Outcome.UNREADABLE)]


def _faults(summary: Summary) -> list[tuple[str, int]]:
    """How many answers crashed, or ran out of time or memory."""
    sums = Counter(part.status for report in summary.graded for part in report.exercises)
    return [(FOR_INSTRUCTORS[fault], sums[fault]) for fault in FAULTS if sums[fault]]


def _flags(summary: Summary) -> list[Flag]:
    """The review flags, the rarest first: what one student alone did deserves a look."""
    students: defaultdict[str, list[Report]] = defaultdict(list)
    for report in summary.reports:
        for flag in dict.fromkeys(report.flags):
            students[flag].append(report)
    flags = [Flag(text, tuple(found)) for text, found in students.items()]
    return sorted(flags, key=lambda flag: len(flag.students))


def _changed(summary: Summary) -> list[Change]:
    """The changes worth reading, the largest first."""
    moved = [change for change in summary.changes if change.kind != "same"]
    return sorted(moved, key=lambda change: -abs(change.delta or 0.0))


def _change_counts(summary: Summary) -> list[tuple[str, int]]:
    kinds = Counter(change.kind for change in summary.changes)
    words = {"higher": "went up", "lower": "went down", "new": "new", "gone": "no longer there"}
    words |= {"other": "changed state", "same": "unchanged"}
    return [(word, kinds[kind]) for kind, word in words.items() if kinds[kind]]


def _change_words(change: Change) -> str:
    """A change as the table says it."""
    if change.delta:
        return SIGNS[change.kind] + number(abs(change.delta))
    return {"same": "0", "other": "state"}.get(change.kind, change.kind)


def _score_words(report: Report | None) -> str:
    """A score, or what stands in its place."""
    if report is None:
        return "none"
    score = score_of(report)
    return OUTCOMES[report.status] if score is None else number(score)


def _bin_words(place: int) -> str:
    return f"{place * 10} to {place * 10 + 10} %"

"""The class page of the instructor: what to say in class, whom to help, what to look into."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from autograder.model import Outcome, Person, Report, Status, Tier
from autograder.report.feedback import page_name
from autograder.report.labels import (
    FAULTS,
    FOR_INSTRUCTORS,
    NOT_HANDED_IN,
    OUTCOMES,
    TIERS,
    outcome_words,
)
from autograder.report.people import UNKNOWN, Member
from autograder.report.plotly_js import sheet_ids
from autograder.report.render import EMPTY_STYLE, data_block, digest, part, render
from autograder.report.sanitize import number, one_line
from autograder.report.summary import Change, ExerciseSummary, Summary, score_of, summarise
from autograder.submissions.roster import Roster

STATUSES = list(Status)
SIGNS = {"higher": "+", "lower": "−"}
MOST = 12  # lines of any list that the table below it holds in full


@dataclass(frozen=True)
class Flag:
    """One review flag and who has it."""

    text: str
    students: tuple[Report, ...]


def class_page(
    reports: Sequence[Report],
    previous: Sequence[Report] = (),
    roster: Roster | None = None,
    *,
    anonymous: bool = False,
) -> str:
    """The whole page as one HTML text; it looks for ``plotly.min.js`` and ``students/`` beside it.

    ``previous`` holds the reports of the last grading, to say what has changed since. ``anonymous``
    says on the page that names are hidden; hiding them is ``anonymise``'s work.
    """
    style = part("common.css") + part("class.css")
    script = part("class.js")
    summaries = summarise(reports, previous, roster)
    return render(
        "class.html.j2",
        style=style,
        script=script,
        policy=_policy(style, script),
        summaries=summaries,
        anonymous=anonymous,
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
        names=_names,
        sections=_sections,
        section=_section,
        standing=_standing,
        not_handed_in=NOT_HANDED_IN,
        changed=_changed,
        change_counts=_change_counts,
        change_words=_change_words,
        outcome_words=outcome_words,
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
        "named": bool(_names(summary)),
        "sections": _sections(summary),
        "rows": [_row(member, changes.get(member.person.student)) for member in summary.members],
    }


def _exercise_data(exercise: ExerciseSummary) -> dict[str, Any]:
    counts = [exercise.counts[status] for status in STATUSES]
    return {
        "id": one_line(exercise.id, 60),
        "title": one_line(exercise.title, 120),
        "counts": counts,
    }


def _row(member: Member, change: Change | None) -> dict[str, Any]:
    """One person's line in the table, every text cleaned."""
    report = member.report
    return {
        "student": one_line(member.person.student, 80) or "(no name)",
        "name": one_line(member.person.name, 80),
        "section": _section(member.person),
        "page": page_name(report) if report else "",
        "score": score_of(report),
        "change": change.delta if change else None,
        "changed": _change_words(change) if change else "",
        "outcome": outcome_words(report) if report else NOT_HANDED_IN,
        "late": bool(report and report.handed_in.late),
        "results": _results(report) if report else [],
        "mistakes": _slips(report) if report else [],
        "flags": [one_line(flag, 120) for flag in _all_flags(report)[:5]] if report else [],
    }


def _results(report: Report) -> list[tuple[str, int]]:
    return [(one_line(part.id, 60), STATUSES.index(part.status)) for part in report.exercises]


def _slips(report: Report) -> list[str]:
    named = [part.mistake for part in report.exercises if part.mistake]
    return [one_line(mistake, 60).replace("_", " ") for mistake in named]


def _facts(summary: Summary) -> list[tuple[str, str]]:
    """The figures at the head of a section."""
    graded = summary.graded
    full = sum(all(part.status is Status.PASSED for part in report.exercises) for report in graded)
    facts = [("Submissions", _submissions(summary))]
    if summary.scored:
        facts += [
            ("Median", f"{number(summary.median)} of {number(summary.max_score)}"),
            ("Mean", f"{summary.mean:.1f}"),
        ]
    if graded:
        facts.append(("Everything right", f"{full:,}"))
    return facts + [(name, f"{n:,}") for name, n in _exceptions(summary).items() if n]


def _submissions(summary: Summary) -> str:
    """How many there are and, where a roster tells, how many there could be."""
    if summary.roster is None:
        return f"{len(summary.reports):,}"
    students = len(summary.members) - len(summary.others)
    return f"{students - len(summary.missing):,} of {students:,}"


def _exceptions(summary: Summary) -> dict[str, int]:
    """What an instructor may have to act on, and how often it is so."""
    return {
        NOT_HANDED_IN.capitalize(): len(summary.missing),
        "Late": sum(report.handed_in.late for report in summary.reports),
        "Unknown to the roster": sum(one.person.role == UNKNOWN for one in summary.others),
        **{
            name.capitalize(): len(summary.with_outcome(outcome))
            for outcome, name in OUTCOMES.items()
            if outcome is not Outcome.GRADED
        },
    }


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
        for flag in _all_flags(report):
            students[flag].append(report)
    flags = [Flag(text, tuple(found)) for text, found in students.items()]
    return sorted(flags, key=lambda flag: len(flag.students))


def _all_flags(report: Report) -> list[str]:
    """What the grading noticed, and what was noticed when the file was found."""
    return list(dict.fromkeys((*report.flags, *report.handed_in.flags)))


def _names(summary: Summary) -> dict[str, str]:
    """The names of those who have one, by handle."""
    people = [member.person for member in summary.members]
    named = {person.student: one_line(person.name, 80) for person in people}
    return {handle: name for handle, name in named.items() if name}


def _sections(summary: Summary) -> list[str]:
    """The sections to choose from, where there are several; at the end "" for those in none."""
    people = [member.person for member in summary.members]
    found = {one_line(one, 60) for person in people for one in person.sections or ("",)}
    named = sorted(found - {""})
    return [*named, *(found & {""})] if len(named) > 1 else []


def _section(person: Person) -> str:
    return one_line(person.section, 60)


def _standing(person: Person) -> str:
    """What somebody is to the roster who is none of its students."""
    return "unknown to the roster" if person.role == UNKNOWN else f"on the roster as {person.role}"


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
    return outcome_words(report) if score is None else number(score)


def _bin_words(place: int) -> str:
    return f"{place * 10} to {place * 10 + 10} %"

"""The tables of the command line: grades, what a regrade changes, what verify found."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table

from autograder.cli.console import MOST, headed, out
from autograder.model import Outcome, Report
from autograder.report.labels import OUTCOMES

if TYPE_CHECKING:
    from autograder.grading.readability import Readability


class Rows:
    """What is told of many reports: a few lines for people, or each at once for machines."""

    def __init__(self, as_json: bool, labels: Mapping[str, str] | None = None) -> None:
        self.shown: list[tuple[str, ...]] = []
        self.count = 0
        self._as_json = as_json
        self._labels = labels  # in place of handles, where these are hidden
        if as_json:
            print('{"results": [', end="")

    def add(self, report: Report) -> None:
        """Take note of one report."""
        self.count += 1
        if self._labels is not None:
            reason = report.reason and OUTCOMES[report.status]  # it may name a file, or its folder
            label = self._labels[report.student]
            report = dataclasses.replace(report, student=label, reason=reason)
        if self._as_json:
            row = ",\n" * (self.count > 1) + json.dumps(_grade_dict(report))
            print(row, end="", flush=True)
        elif len(self.shown) < 40:
            self.shown.append(_grade_row(report))

    def close(self, skipped: int, left_alone: int, seconds: float) -> None:
        """End the JSON object."""
        print(f'], "unchanged": {skipped}, "left_alone": {left_alone}, "seconds": {seconds:.2f}}}')


def _grade_dict(r: Report) -> dict[str, Any]:
    graded = r.status is not Outcome.NOT_GRADED
    return {"student": r.student, "assignment": r.assignment, "status": r.status,
            "score": r.score if graded else None, "max_score": r.max_score}  # fmt: skip


def _grade_row(report: Report) -> tuple[str, ...]:
    graded = report.status is not Outcome.NOT_GRADED
    score = f"{report.score:g} / {report.max_score:g}" if graded else "not graded"
    student = "".join(c for c in report.student if c.isprintable())[:40]
    return student, report.assignment, score, _stands_out(report)


def print_grades(rows: Rows, skipped: int, seconds: float, results: Path) -> None:
    """Print what a grading gave."""
    table = Table(title=f"{rows.count} submissions graded")
    table.add_column("student", no_wrap=True, min_width=8)
    table.add_column("assignment", no_wrap=True, min_width=16)
    table.add_column("score", no_wrap=True, min_width=11, justify="right")
    table.add_column("what stands out", no_wrap=True, overflow="ellipsis")
    shown = sorted(rows.shown, key=lambda row: (row[1], row[0]))[: _rows_that_fit()]
    room = max(20, out.width - 55)  # what the other columns leave
    for *narrow, stands_out in shown:
        cut = stands_out if len(stands_out) <= room else stands_out[: room - 1] + "…"
        table.add_row(*narrow, cut)
    if rows.count:
        out.print(table)
    if rows.count > len(shown):
        out.print(f"and {rows.count - len(shown)} more.")
    if skipped:
        out.print(f"{skipped} unchanged since they were graded (--force grades them again).")
    out.print(f"Results in {results}/ after {seconds:.1f} s. Next: autograder report {results}")


def _rows_that_fit() -> int:
    """How many rows of a table leave room for its head and for the lines around it."""
    return max(out.height - 9, 5) if out.is_terminal else 40


def _stands_out(report: Report) -> str:
    if report.reason:
        return report.reason
    failed = [e.id for e in report.exercises if e.status != "passed" and e.points > 0]
    return f"to fix: {', '.join(failed)}" if failed else "everything passed"


def print_changes(name: str, changes: Iterator[Any], *, quiet: bool, as_json: bool) -> None:
    """Print who gains and who loses by a regrade."""
    from autograder.report.summary import score_of
    from autograder.running.regrade import other_scores

    table = Table("student", "before", "now", "change", "exercises", title=f"Regrade of {name}")
    kinds: Counter[str] = Counter()
    for change in changes:
        kinds[change.kind] += 1
        scores = score_of(change.before), score_of(change.now)
        if as_json:
            row = {"assignment": name, "student": change.student, "kind": change.kind}
            row |= {"before": scores[0], "now": scores[1], "exercises": other_scores(change)}
            maxima = [report and report.max_score for report in (change.before, change.now)]
            row |= {"max_before": maxima[0], "max_now": maxima[1]}
            print(json.dumps(row))
        elif change.kind != "same" and table.row_count < 200:
            shown = map(_of_maximum, (change.before, change.now))
            delta = "" if change.delta is None else f"{change.delta:+g}"
            words = "; ".join(other_scores(change))
            table.add_row(change.student, *shown, delta, words)
    if not (quiet or as_json):
        out.print(table)
        out.print(
            f"{kinds['higher']} gain, {kinds['lower']} lose, {kinds['same']} stay the same, "
            f"{kinds['new'] + kinds['other']} are new or could not be compared."
        )
        if kinds.total() - kinds["same"] > table.row_count:
            out.print(f"The first {table.row_count} are shown; --json lists all.")


def _of_maximum(report: Report | None) -> str:
    """A score with its maximum and per cent: graders may have changed the maximum too."""
    from autograder.report.summary import score_of

    score = score_of(report)
    if report is None or score is None:
        return "–"
    share = f" ({score / report.max_score:.0%})" if report.max_score else ""
    return f"{score:g} / {report.max_score:g}{share}"


def verdict_dict(verdict: Any, first: int, seeds: int) -> dict[str, Any]:
    """One verdict of verify, for machines."""
    return {
        "assignment": verdict.assignment,
        "seeds": [first, first + seeds - 1],
        "caught": {"/".join(key): how for key, how in verdict.caught.items()},
        "named": sum(verdict.named.values()),
        "alternatives": verdict.alternatives,
        "prices": {
            "/".join(key): dataclasses.asdict(price) for key, price in verdict.prices.items()
        },
        "readability": dataclasses.asdict(verdict.readability) if verdict.readability else None,
        "faults": verdict.faults,
    }


def print_verdicts(verdicts: list[Any], first: int, seeds: int) -> None:
    """Print which mistakes the checks have caught."""
    title = f"Known mistakes and the checks that notice them, seeds {first} to {first + seeds - 1}"
    table = Table(title=title, box=None, padding=(0, 1, 0, 0))  # so that it fits into 80 letters
    table.add_column("assignment", no_wrap=True)
    heads = "checks mistakes visible hidden missed ticked named right wrong".split()
    for head in heads:
        table.add_column(head, justify="right")
    for v in verdicts:
        caught = (v.count("visible"), v.count("hidden"), v.count("missed"), f"{v.ticked:.0%}")
        others = (sum(v.named.values()), v.alternatives // seeds, len(v.faults))
        table.add_row(v.assignment, *map(str, (v.checks, len(v.caught), *caught, *others)))
    table.caption = (
        "mistakes caught by a visible check, by hidden checks only, or missed; ticked: the share "
        "that the notebook's own check lets pass (at most a third is good); named by their own "
        "tutor line; right: alternatives tried; wrong: wrong verdicts"
    )
    out.print(table)
    if any(v.prices for v in verdicts):
        _print_prices(verdicts)
    for v in verdicts:
        if v.readability:
            _print_readability(v.assignment, v.readability)
        for fault in v.faults:
            headed("[bold red]wrong[/]", fault, out)
        for (exercise, mistake), how in v.caught.items():
            if how == "missed":
                headed("[bold red]survivor[/]", f"{exercise}: {mistake}", out)


def _print_readability(assignment: str, found: Readability) -> None:
    """Print how easy the tutor lines are to read, and what to write anew."""
    out.print(f"{assignment}: {found.lines} tutor lines, LIX {found.lix:.0f} (below 30 is easy)")
    for line, lix in found.hard[:MOST]:
        out.print(f"  hard to read, LIX {lix:.0f}: {line}", soft_wrap=True)
    for word, simpler in found.words:
        out.print(f'  "{word}" has a simpler word: {simpler}', soft_wrap=True)


def _print_prices(verdicts: list[Any]) -> None:
    """Print what each mistake that breaks one fact costs, and what the student reads."""
    table = Table(title="One broken fact: what is left, and what is read", box=box.SIMPLE)
    for head in ("exercise: mistake", "fact", "left", "the student reads"):
        table.add_column(head)
    for v in verdicts:
        for (exercise, name), price in v.prices.items():
            about = (f"{exercise}: {name}", price.fact)
            table.add_row(*about, f"{price.share:.0%}", price.sentence)
    out.print(table)

"""Many reports as a spreadsheet, and as a folder of pages that opens from disk."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from autograder.errors import InfrastructureError
from autograder.model import Outcome, Report
from autograder.report.class_page import class_page
from autograder.report.feedback import feedback_page, page_name
from autograder.report.plotly_js import plotly_js
from autograder.report.sanitize import number, one_line
from autograder.report.summary import score_of

HEAD = ["student", "assignment", "status", "score", "max_score"]
FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def write_csv(reports: Iterable[Report], path: Path) -> None:
    """Write one line per report and one column per exercise, in a form no spreadsheet will run.

    Where no verdict was reached the cells of the scores are empty. With several assignments the
    columns are called ``assignment.exercise``.
    """
    lines = [_without_details(report) for report in reports]
    columns = list(
        dict.fromkeys((one.assignment, part.id) for one in lines for part in one.exercises)
    )
    several = len({one.assignment for one in lines}) > 1
    names = [f"{assignment}.{id}" if several else id for assignment, id in columns]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*HEAD, *map(inert, names)])
        writer.writerows(_line(one, columns) for one in lines)


def write_pages(reports: Iterable[Report], folder: Path, previous: Sequence[Report] = ()) -> Path:
    """Write the class page and all that it links to; return the path of the class page.

    Reports may come from a stream: of each, only what the class page needs is kept.
    """
    kept = []
    try:
        (folder / "students").mkdir(parents=True, exist_ok=True)
        for report in reports:
            page = folder / "students" / page_name(report)
            page.write_text(feedback_page(report), encoding="utf-8")
            kept.append(_without_details(report))
        shutil.copyfile(plotly_js(), folder / "plotly.min.js")
        write_csv(kept, folder / "grades.csv")
        index = folder / "index.html"
        index.write_text(class_page(kept, previous), encoding="utf-8")
    except OSError as error:
        raise InfrastructureError(
            f"{folder}: the pages cannot be written ({error.strerror})."
        ) from error
    return index


def _without_details(report: Report) -> Report:
    """A report without what fills it: the student's code, the single checks, the notes."""
    exercises = tuple(replace(part, code="", checks=()) for part in report.exercises)
    return replace(report, exercises=exercises, notes=())


def _line(report: Report, columns: Sequence[tuple[str, str]]) -> list[str]:
    graded = report.status is not Outcome.NOT_GRADED
    scores = {
        (report.assignment, part.id): number(part.score) for part in report.exercises if graded
    }
    score = score_of(report)
    return [
        inert(report.student),
        inert(report.assignment),
        report.status.value,
        "" if score is None else number(score),
        number(report.max_score),
        *(scores.get(column, "") for column in columns),
    ]


def inert(text: str, limit: int = 300) -> str:
    """Text that a spreadsheet shows and never computes: an apostrophe stops a formula."""
    line = one_line(text, limit)
    return f"'{line}" if line.startswith(FORMULA) or text.startswith(FORMULA) else line

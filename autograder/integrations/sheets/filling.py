"""What is filled into a sheet, and what has to be said of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from autograder.integrations.lms_grades import (
    about,
    grade,
)
from autograder.integrations.sheets.people import Known, People
from autograder.integrations.sheets.sheet import Numbers, Sheet, value_of
from autograder.model import Report
from autograder.report.sanitize import number, one_line


@dataclass
class Filling:
    """The grades of one assignment on their way into one column."""

    sheet: Sheet
    column: int
    numbers: Numbers
    people: People
    found: Mapping[str, Known]
    said: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def lines(self, reports: Sequence[Report]) -> Iterator[tuple[Report, Known]]:
        """Each report with its row; two of one row are refused."""
        owners: dict[int, str] = {}
        for report in reports:
            line = self.found.get(report.student)
            if line is None:
                self.said["Results without a row"].append(self.people.label(report.student))
                continue
            other = owners.setdefault(line.row, report.student)
            if other != report.student:
                raise self.sheet.fault(
                    f"row {line.row + 1} ({one_line(line.label)}) fits the results of "
                    f"{one_line(other)} and {one_line(report.student)}. Take one of them away, or "
                    "correct the ids in the roster."
                )
            yield report, line

    def grade(self, report: Report, line: Known) -> None:
        """Put a grade into its cell; the same number stays as it was written."""
        new = grade(report)
        if not new:
            what = "Excused" if report.excused else "Not graded"
            self.said[f"{what} here, so left as in the sheet"].append(line.label)
        elif value_of(self.sheet.cell(line.row, self.column)) != float(new):
            self.put(line, self.numbers.write(new))

    def put(self, line: Known, text: str) -> None:
        """Put a text into a cell of the column, and say what stood there."""
        old = self.sheet.cell(line.row, self.column)
        if old.strip(" -"):
            self.said["Another grade was replaced"].append(f"{line.label} ({old})")
        self.sheet.put(line.row, self.column, text)

    def ungraded(self, lines: Sequence[Known], reports: Sequence[Report]) -> None:
        """Note who of the sheet has no result."""
        rows = {self.found[r.student].row for r in reports if r.student in self.found}
        self.said["People of the sheet without a result"] += [
            line.label for line in lines if line.row not in rows
        ]

    def remarks(self) -> list[str]:
        """All that has to be known."""
        return [remark for what, names in self.said.items() for remark in about(what, names)]


def points_differ(where: str, theirs: float | None, ours: float) -> list[str]:
    """Say that the sheet and the course give different points, where they do."""
    if theirs is None or theirs == ours:
        return []
    return [
        f"{where}: {number(theirs)} points can be had in the sheet and {number(ours)} here; "
        "the scores are written as they are."
    ]

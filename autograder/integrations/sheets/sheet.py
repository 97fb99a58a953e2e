"""A CSV file as it was downloaded: its cells, and the form in which they must go back."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import UsageError
from autograder.submissions import csv_text, door


@dataclass
class Sheet:
    """A CSV file's cells, and the form in which they were written."""

    path: Path
    rows: list[list[str]]
    encoding: str
    delimiter: str
    newline: str

    @property
    def head(self) -> list[str]:
        """The cells of the first row."""
        return self.rows[0]

    def cell(self, row: int, column: int) -> str:
        """One cell; empty where the row is too short."""
        return self.rows[row][column] if column < len(self.rows[row]) else ""

    def column(self, column: int) -> list[str]:
        """The cells below a heading."""
        return [self.cell(row, column) for row in range(1, len(self.rows))]

    def put(self, row: int, column: int, text: str) -> None:
        """Change one cell."""
        cells = self.rows[row]
        cells.extend([""] * (column + 1 - len(cells)))
        cells[column] = text

    def write(self, path: Path) -> None:
        """Write the sheet in the form in which it was read."""
        text = io.StringIO(newline="")
        writer = csv.writer(text, delimiter=self.delimiter, lineterminator=self.newline)
        writer.writerows(self.rows)
        # An older alphabet can lack a letter of our feedback; what was read it always has.
        door.put(path, text.getvalue().encode(self.encoding, errors="replace"))

    def fault(self, what: str) -> UsageError:
        """An error about this sheet."""
        return UsageError(f"{self.path}: {what}")


def read_sheet(path: Path) -> Sheet:
    """Read a CSV file that a learning management system wrote, or a spreadsheet saved again."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be read ({error.strerror}). Name the CSV file that you downloaded."
        ) from error
    try:
        text, encoding = _decode(data)
        text = csv_text.without_separator(text).lstrip("\r\n")
        delimiter = max(",;\t", key=lambda mark: _width(text, mark))
        with csv_text.long_cells():
            rows = list(csv_text.reader(text, delimiter))
    except (ValueError, csv.Error) as error:
        raise UsageError(
            f"{path}: is not a CSV file ({error}). Download it again, or save it as CSV UTF-8."
        ) from error
    if not rows:
        raise UsageError(f"{path}: is empty. Download it again.")
    first_line, end, _ = text.partition("\n")
    return Sheet(
        path, rows, encoding, delimiter, "\r\n" if first_line[-1:] + end == "\r\n" else "\n"
    )


def _decode(data: bytes) -> tuple[str, str]:
    """The text and its encoding: UTF-8, else that of Excel in western countries."""
    if b"\0" in data:
        raise ValueError("it holds zero bytes, as a workbook does")
    marked = data.startswith(codecs.BOM_UTF8)
    try:
        encoding = "utf-8-sig" if marked else "utf-8"
        return data.decode(encoding), encoding
    except UnicodeDecodeError:
        return data.decode("cp1252"), "cp1252"


def _width(text: str, delimiter: str) -> int:
    """How many cells the first row has with this delimiter."""
    try:
        return len(next(csv_text.reader(text, delimiter), []))
    except csv.Error:
        return 0


@dataclass(frozen=True)
class Numbers:
    """How a sheet writes numbers."""

    comma: bool

    @staticmethod
    def of(cells: Sequence[str]) -> Numbers:
        """Follow the cells; a point where they do not tell, which every importer understands."""
        commas = any(re.fullmatch(r"\d+,\d+", cell.strip()) for cell in cells)
        points = any(re.fullmatch(r"\d+\.\d+", cell.strip()) for cell in cells)
        return Numbers(commas and not points)

    def write(self, text: str) -> str:
        """A number in the sheet's own way of writing decimals."""
        return text.replace(".", ",") if self.comma else text


def value_of(cell: str) -> float | None:
    """The number in a cell."""
    text = cell.strip().replace(",", ".")
    return float(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else None

"""The text of a CSV: cells as long as what students write, and Excel's own first line."""

from __future__ import annotations

import csv
import io
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _csv import Reader

LONGEST_CELL = 1 << 24  # letters; Moodle's sheets hold texts that students wrote online
_SEPARATOR = re.compile(r'"?sep=[,;\t]"?(?=\r?\n)', re.IGNORECASE)
_one_at_a_time = threading.Lock()


def reader(text: str, delimiter: str) -> Reader:
    """The rows of a text; one that is no CSV raises ``csv.Error``."""
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)


@contextmanager
def long_cells() -> Iterator[None]:
    """Let cells be long; the limit is one of the whole process, all of its threads included."""
    with _one_at_a_time:
        before = csv.field_size_limit(LONGEST_CELL)
        try:
            yield
        finally:
            csv.field_size_limit(before)


def without_separator(text: str) -> str:
    """Without ``sep=;``, by which Excel tells itself the delimiter; lines keep their numbers."""
    found = _SEPARATOR.match(text)
    return text[found.end() :] if found else text

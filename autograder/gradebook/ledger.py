"""The file of a course's adjustments: one JSON object a line, added at its end and never changed.

A line is on the disk before ``add`` returns. A crash can leave the beginning of a line behind,
which nobody was told of: readers pass over it, the next writer removes it, and ``half_a_line`` says
so. A last line that is whole counts, also where an editor has left out the end of the line.
"""

from __future__ import annotations

import datetime
import json
import os
from io import FileIO
from pathlib import Path
from typing import Any

from autograder.course.moments import read_moment
from autograder.errors import InfrastructureError, UsageError
from autograder.gradebook.adjustments import Adjustment, Kind, check
from autograder.report.sanitize import one_line
from autograder.submissions.only_writer import only_writer

FILE = "adjustments.jsonl"
SCHEMA = "autograder/adjustment/v1"
_OPTIONAL = ("why", "student", "section", "exercise", "machine")


def to_dict(adjustment: Adjustment) -> dict[str, Any]:
    """An adjustment as plain data."""
    optional = {name: getattr(adjustment, name) for name in _OPTIONAL}
    return {
        "schema": SCHEMA,
        "kind": adjustment.kind.value,
        "assignment": adjustment.assignment,
        "value": adjustment.value,
        "who": adjustment.who,
        "at": adjustment.at.isoformat(),
        **{name: value for name, value in optional.items() if value not in ("", None)},
    }


def from_dict(data: object) -> Adjustment:
    """Rebuild an adjustment.

    Raises:
        UsageError: says what is wrong with it.
    """
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise UsageError(f'"schema" must be "{SCHEMA}".')
    try:
        made = Adjustment(
            kind=Kind(data["kind"]),
            assignment=_text(data, "assignment"),
            value=_text(data, "value"),
            who=_text(data, "who"),
            at=_moment(data),
            exercise=_text(data, "exercise") if "exercise" in data else None,
            machine=float(data["machine"]) if "machine" in data else None,
            **{name: _text(data, name, "") for name in ("why", "student", "section")},
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"a field is missing or of the wrong kind ({error}).") from error
    check(made)
    return made


def _moment(data: dict[str, Any]) -> datetime.datetime:
    found = read_moment(_text(data, "at"))
    if found is None or found.tzinfo is None:
        raise ValueError('"at" must be a time with its zone')
    return found


def _text(data: dict[str, Any], key: str, default: str | None = None) -> str:
    value = data.get(key, default)
    if not isinstance(value, str):
        raise ValueError(f'"{key}" must be a text')
    return value


def read_adjustments(path: Path) -> list[Adjustment]:
    """All adjustments in the order in which they were added; none where there is no file.

    Raises:
        UsageError: a line cannot be read: nobody's extension may be lost without a word.
    """
    lines, _ = _lines(_content(path))
    return [_adjustment(line, f"{path}:{n}") for n, line in enumerate(lines, 1) if line.strip()]


def half_a_line(path: Path) -> str:
    """What has to be said of a file that ends within a line; else nothing."""
    lines, half = _lines(_content(path))
    if not half.strip():
        return ""
    begins = one_line(half.decode("utf-8", "replace"), 60)
    return (
        f"{path}:{len(lines) + 1}: is half a line ({begins}), so it does not count, and the next "
        "decision takes its place. If it was meant, decide it again."
    )


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise InfrastructureError(f"{path}: cannot be read ({error.strerror}).") from error


def _lines(content: bytes) -> tuple[list[bytes], bytes]:
    """The whole lines, and half a line behind them: no part of a JSON object is one itself."""
    *lines, last = content.split(b"\n")
    return ([*lines, last], b"") if _is_json(last) else (lines, last)


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _adjustment(line: bytes, where: str) -> Adjustment:
    try:
        return from_dict(json.loads(line))
    except (ValueError, RecursionError) as error:
        what = f"is no adjustment: not JSON ({error})"
        raise UsageError(f"{where}: {what}. Repair the line or take it out.") from None
    except UsageError as error:
        raise UsageError(f"{where}: is no adjustment: {error} Repair the line.") from None


def add(adjustments: list[Adjustment], path: Path) -> None:
    """Add adjustments at the end of the file, all or none, and wait until the disk has them.

    Raises:
        UsageError: one of them could not be applied.
    """
    for one in adjustments:
        check(one)
    lines = [json.dumps(to_dict(one), ensure_ascii=False, allow_nan=False) for one in adjustments]
    with only_writer(path), open(path, "a+b", buffering=0) as file:
        before = _end_last_line(file)
        _append(before + "".join(f"{line}\n" for line in lines).encode("utf-8", "replace"), file)


def _append(content: bytes, file: FileIO) -> None:
    """Write all of it, or leave the file as it was: on a full disk a part might fit."""
    end = file.seek(0, os.SEEK_END)
    try:
        left = memoryview(content)
        while left:
            left = left[file.write(left) :]
        os.fsync(file.fileno())
    except BaseException:
        file.truncate(end)
        raise


def _end_last_line(file: FileIO) -> bytes:
    """Remove half a line; return what has to stand between the last whole one and the next."""
    file.seek(0)
    content = file.read()
    _, half = _lines(content)
    whole = content[: len(content) - len(half)]
    if half:
        file.truncate(len(whole))
    return b"" if whole.endswith(b"\n") or not whole else b"\n"

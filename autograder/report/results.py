"""Result files: one JSON file per submission, written whole or not at all, read with suspicion."""

from __future__ import annotations

import dataclasses
import glob
import json
import math
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from autograder.errors import AutograderError, InfrastructureError, UsageError
from autograder.model import SCHEMA, Check, ExerciseReport, HandedIn, Outcome, Report, Status, Tier
from autograder.submissions.names import file_stem

E = TypeVar("E", bound=StrEnum)
K = TypeVar("K")
LARGEST = 1e15  # no score, weight or duration comes near
EARLIER = ".earlier"  # in a results folder: what newer results have replaced
_REQUIRED = object()


def to_dict(report: Report) -> dict[str, Any]:
    """The report as plain data in the order in which people read it.

    ``score`` is null where the infrastructure failed: no number may be read from such a file.
    """
    graded = report.status is not Outcome.NOT_GRADED
    return {
        "schema": SCHEMA,
        "assignment": report.assignment,
        "title": report.title,
        "student": report.student,
        "submission": {"file": report.file, "sha256": report.sha256, **_to_submission(report)},
        "graders_sha256": report.graders_sha256,
        "status": report.status.value,
        "reason": report.reason,
        "score": report.score if graded else None,
        "max_score": report.max_score,
        "seed": report.seed,
        "exercises": [_exercise_to_dict(exercise) for exercise in report.exercises],
        "notes": list(report.notes),
        "flags": list(report.flags),
        "sandbox": {"tier": report.tier.value, "layers": list(report.layers)},
        "environment": report.environment,
        "graded_at": report.graded_at,
        "seconds": report.seconds,
    }


def from_dict(data: object, where: str = "the result") -> Report:
    """Rebuild a report; ``where`` (the file) opens every complaint about its contents."""
    fields = _Fields(data, where)
    if fields.text("schema") != SCHEMA:
        raise fields.fault("schema", f'"{SCHEMA}"')
    submission = fields.part("submission")
    sandbox = fields.part("sandbox")
    report = Report(
        assignment=fields.text("assignment"),
        student=fields.text("student"),
        file=submission.text("file"),
        sha256=submission.text("sha256"),
        graders_sha256=fields.text("graders_sha256"),
        status=fields.one_of("status", Outcome),
        reason=fields.text_or_null("reason"),
        max_score=fields.number("max_score"),
        seed=fields.whole_number("seed"),
        exercises=tuple(_exercise_from(part) for part in fields.parts("exercises")),
        notes=fields.texts("notes"),
        flags=fields.texts("flags", []),
        tier=sandbox.one_of("tier", Tier),
        layers=sandbox.texts("layers"),
        environment=fields.mapping("environment"),
        graded_at=fields.text("graded_at"),
        seconds=fields.number("seconds"),
        handed_in=_handed_in(submission),
        title=fields.text("title", ""),
    )
    _check_score(report, fields)
    return report


def write(report: Report, out: Path) -> Path:
    """Write ``out/<assignment>/<student>.json``: the whole new file or the old, never a part."""
    path = result_path(report.assignment, report.student, out)
    text = json.dumps(to_dict(report), indent=1, allow_nan=False) + "\n"
    unfinished = path.with_name(f".{uuid.uuid4().hex}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_through(unfinished, text)
        os.replace(unfinished, path)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink()
        raise InfrastructureError(f"{path}: cannot be written ({error.strerror}).") from error
    return path


def keep_earlier(report: Report, out: Path) -> None:
    """Before a report takes the place of another one, keep that in ``.earlier/``."""
    path = result_path(report.assignment, report.student, out)
    try:
        earlier = read(path)
    except AutograderError:
        return  # there is none, or nobody could read it
    same_file = not earlier.sha256 or earlier.sha256 == report.sha256
    if earlier == report or (earlier.status is Outcome.NOT_GRADED and same_file):
        return
    kept = out / EARLIER / path.parent.name / f"{path.stem}.{_version(earlier)}.json"
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, kept)
    except OSError as error:
        raise InfrastructureError(f"{kept}: cannot be written ({error.strerror}).") from error


def read_earlier(assignment: str, student: str, out: Path) -> Iterator[Report]:
    """A student's results that newer ones have replaced, as far as they can be read."""
    path = result_path(assignment, student, out)
    folder = out / EARLIER / path.parent.name
    for kept in sorted(folder.glob(f"{glob.escape(path.stem)}.*.json")):
        with suppress(AutograderError):
            if (report := read(kept)).student == student:  # and not of one whose name goes on
                yield report


def _version(report: Report) -> str:
    """What tells a student's results apart: when graded, of which file, and when that came."""
    graded, came = (
        re.sub(r"[^0-9]", "", at)[:14] for at in (report.graded_at, report.handed_in.at)
    )
    return ".".join(filter(None, [graded, report.sha256[:8], came]))


def result_path(assignment: str, student: str, out: Path) -> Path:
    """Where a student's result lies; no handle can lead out of the folder of its assignment."""
    return out / file_stem(assignment) / f"{file_stem(student)}.json"


def read(path: Path) -> Report:
    """Read one result file."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InfrastructureError(f"{path}: cannot be read ({error.strerror}).") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: is not a result file: it is not JSON ({error}).") from error
    return from_dict(data, str(path))


def read_all(folder: Path) -> Iterator[Report]:
    """Stream the results below a folder (or of one assignment's folder), by assignment and student.

    Files other than ``*.json`` are passed over; a ``.json`` file that is not a result is an error,
    because a student must not drop out of a gradebook unnoticed.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: is not a folder of results. Name the one that grade wrote.")
    paths = _result_files(folder, "*/*.json") or _result_files(folder, "*.json")
    return (read(path) for path in paths)


def holds_all(folder: Path) -> bool:
    """Whether a folder of results is that of all assignments, and not of one."""
    return bool(_result_files(folder, "*/*.json")) or not _result_files(folder, "*.json")


def _result_files(folder: Path, pattern: str) -> list[Path]:
    return sorted(path for path in folder.glob(pattern) if not path.name.startswith("."))


def _write_through(path: Path, text: str) -> None:
    """Write a new file and wait until the disk has it."""
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _check_score(report: Report, fields: _Fields) -> None:
    """Refuse a total that is not the sum of its parts, such as one edited by hand."""
    if report.status is Outcome.NOT_GRADED:
        return
    if not math.isclose(fields.number("score"), report.score, abs_tol=0.005):
        raise fields.fault("score", f"{report.score}, the sum of its exercises")


def _to_submission(report: Report) -> dict[str, Any]:
    """What is known of how it was submitted."""
    known = dataclasses.asdict(report.handed_in)
    return {name: value for name, value in known.items() if value}


def _handed_in(fields: _Fields) -> HandedIn:
    return HandedIn(
        at=fields.text("at", ""),
        late=fields.truth("late", False),
        section=fields.text("section", ""),
        whose=fields.text("whose", ""),
        counts=fields.text("counts", ""),
        others=fields.texts("others", []),
        flags=fields.texts("flags", []),
        system=fields.text("system", ""),
        number=fields.text("number", ""),
    )


def _exercise_to_dict(exercise: ExerciseReport) -> dict[str, Any]:
    return {
        "id": exercise.id,
        "title": exercise.title,
        "points": exercise.points,
        "score": exercise.score,
        "status": exercise.status.value,
        "remarks": list(exercise.remarks),
        "mistake": exercise.mistake,
        "code": exercise.code,
        "as_notebook": exercise.as_notebook,
        "checks": [_check_to_dict(check) for check in exercise.checks],
    }


def _check_to_dict(check: Check) -> dict[str, Any]:
    return {
        "name": check.name,
        "hidden": check.hidden,
        "weight": check.weight,
        "status": check.status.value,
        "message": check.message,
        "seconds": check.seconds,
        **({"keeps": check.keeps} if check.keeps != 1.0 else {}),
        **({"about": check.about} if check.about else {}),
    }


def _exercise_from(fields: _Fields) -> ExerciseReport:
    return ExerciseReport(
        id=fields.text("id"),
        title=fields.text("title"),
        points=fields.number("points"),
        score=fields.number("score"),
        status=fields.one_of("status", Status),
        remarks=fields.texts("remarks"),
        mistake=fields.text_or_null("mistake"),
        checks=tuple(_check_from(part) for part in fields.parts("checks")),
        code=fields.text("code", ""),
        as_notebook=fields.truth("as_notebook", False),
    )


def _check_from(fields: _Fields) -> Check:
    return Check(
        name=fields.text("name"),
        hidden=fields.truth("hidden"),
        weight=fields.number("weight", 1.0),
        status=fields.one_of("status", Status),
        message=fields.text("message"),
        seconds=fields.number("seconds"),
        keeps=fields.number("keeps", 1.0),
        about=fields.text("about", ""),
    )


class _Fields:
    """One JSON object being read: each complaint names the file, the field and what is due."""

    def __init__(self, data: object, where: str) -> None:
        self.where = where
        if not isinstance(data, dict):
            raise UsageError(f"{where}: is not a result file: an object is expected here.")
        self._data: dict[str, Any] = data

    def fault(self, key: str, expected: str) -> UsageError:
        """Build the complaint about one field."""
        found = json.dumps(self._data[key])[:60] if key in self._data else "missing"
        return UsageError(f'{self.where}: "{key}" must be {expected}, but is {found}.')

    def text(self, key: str, default: object = _REQUIRED) -> str:
        """Read a string."""
        return self._take(key, str, "text", default)

    def text_or_null(self, key: str) -> str | None:
        """Read a string or null."""
        return None if self._data.get(key) is None else self.text(key)

    def truth(self, key: str, default: object = _REQUIRED) -> bool:
        """Read true or false."""
        return self._take(key, bool, "true or false", default)

    def whole_number(self, key: str) -> int:
        """Read an integer."""
        return self._take(key, int, "a whole number")

    def number(self, key: str, default: object = _REQUIRED) -> float:
        """Read a finite number."""
        whole = isinstance(self._data.get(key), int)
        value = self.whole_number(key) if whole else self._take(key, float, "a number", default)
        if not abs(value) < LARGEST:
            raise self.fault(key, "a finite number")
        return float(value)

    def one_of(self, key: str, choices: type[E]) -> E:
        """Read a member of an enumeration."""
        try:
            return choices(self.text(key))
        except ValueError:
            raise self.fault(key, "one of " + ", ".join(choices)) from None

    def texts(self, key: str, default: object = _REQUIRED) -> tuple[str, ...]:
        """Read a list of strings."""
        values = self._take(key, list, "a list of texts", default)
        if not all(isinstance(value, str) for value in values):
            raise self.fault(key, "a list of texts")
        return tuple(values)

    def mapping(self, key: str) -> dict[str, Any]:
        """Read an object of any contents."""
        return self._take(key, dict, "an object")

    def part(self, key: str) -> _Fields:
        """Open a nested object."""
        return _Fields(self.mapping(key), f"{self.where}, {key}")

    def parts(self, key: str) -> Iterator[_Fields]:
        """Open a list of nested objects."""
        for position, item in enumerate(self._take(key, list, "a list"), 1):
            yield _Fields(item, f"{self.where}, {key} number {position}")

    def _take(self, key: str, kind: type[K], expected: str, default: object = _REQUIRED) -> K:
        value = self._data.get(key, default)
        masked = isinstance(value, bool) and kind is not bool  # to Python, True is an int
        if not isinstance(value, kind) or masked:
            raise self.fault(key, expected)
        return value

"""The JSON Schema of result files, for those who read them with other tools.

``results.py`` writes and reads these files. What it adds to them is described here; a test holds
the two together.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from autograder.model import SCHEMA, Outcome, Status, Tier

Schema = dict[str, Any]
_TEXT: Schema = {"type": "string"}
_TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
_TEXTS: Schema = {"type": "array", "items": _TEXT}
_TRUTH: Schema = {"type": "boolean"}
_NUMBER: Schema = {"type": "number"}
_CHECK_STATES = [status for status in Status if status is not Status.NOT_ATTEMPTED]
_EXERCISE_STATES = [status for status in Status if status is not Status.NOT_JUDGED]


def result_schema() -> Schema:
    """The schema of ``results/<assignment>/<student>.json``, as JSON Schema 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "result-v1.schema.json",
        "title": SCHEMA,
        "description": "What became of one student's submission of one assignment.",
        **_object(_RESULT, {"title": _is(_TEXT, "The assignment's title.")}),
    }


def _object(fields: dict[str, Schema], optional: dict[str, Schema] | None = None) -> Schema:
    """An object; readers take fields that they do not know, so that later versions may add some."""
    return {
        "type": "object",
        "properties": {**fields, **(optional or {})},
        "required": list(fields),
    }


def _is(kind: Schema, description: str) -> Schema:
    return {**kind, "description": description}


def _one_of(values: type[StrEnum] | list[Any], description: str) -> Schema:
    return {"enum": [value.value for value in values], "description": description}


def _each(item: Schema, description: str) -> Schema:
    return {"type": "array", "items": item, "description": description}


_CHECK = _object(
    {
        "name": _is(_TEXT, "The sentence that students read."),
        "hidden": _is(_TRUTH, "Whether the notebook that students get lacks it."),
        "weight": _is(_NUMBER, "Its share of the exercise's points, beside the other weights."),
        "status": _one_of(_CHECK_STATES, "What became of it."),
        "message": _is(_TEXT, "What students read beside a check that did not pass."),
        "seconds": _is(_NUMBER, "Time of its calls, without what they waited for a processor."),
    },
    {
        "keeps": _is(_NUMBER, "The share of the points that is left where it fails; else 1."),
        "about": _is(_TEXT, "The fact that it compares, such as dtype; else values."),
    },
)
_EXERCISE = _object(
    {
        "id": _is(_TEXT, "The name of the function."),
        "title": _is(_TEXT, "Its title."),
        "points": _is(_NUMBER, "The most that it can earn; 0 for a bonus."),
        "score": _is(_NUMBER, "What it earned."),
        "status": _one_of(_EXERCISE_STATES, "What became of it as a whole."),
        "remarks": _is(_TEXTS, "What students read about it, at most three sentences."),
        "mistake": _is(_TEXT_OR_NULL, "The name of the known mistake that it equals."),
        "checks": _each(_CHECK, "All of its checks."),
    },
    {
        "code": _is(_TEXT, "The student's own code."),
        "as_notebook": _is(_TRUTH, "Graded as the notebook runs from top to bottom."),
    },
)
_SUBMISSION = _object(
    {
        "file": _is(_TEXT, "The file as the student named it; empty where there was none."),
        "sha256": _is(_TEXT, "Its digest."),
    },
    {
        "at": _is(_TEXT, "When it was submitted, in ISO 8601."),
        "late": _is(_TRUTH, "Whether the LMS marked it as late."),
        "section": _is(_TEXT, "The student's section."),
        "whose": _is(_TEXT, "How it is known whose it is."),
        "counts": _is(_TEXT, "Of several files, why this one counts."),
        "others": _is(_TEXTS, "The files that do not count."),
        "flags": _is(_TEXTS, "What an instructor should know of the file."),
        "system": _is(_TEXT, "The system that named it: canvas, moodle or brightspace."),
        "number": _is(_TEXT, "That system's number for the student."),
    },
)
_SANDBOX = _object(
    {
        "tier": _one_of(Tier, "How far student code was kept away."),
        "layers": _is(_TEXTS, "What kept it away."),
    }
)
_RESULT = {
    "schema": {"const": SCHEMA, "description": "The name and version of this schema."},
    "assignment": _is(_TEXT, "The assignment's name."),
    "student": _is(_TEXT, "The student's handle."),
    "submission": {**_SUBMISSION, "description": "The file, and how it came."},
    "graders_sha256": _is(_TEXT, "The digest of everything that decides a verdict."),
    "status": _one_of(Outcome, "What became of the submission as a whole."),
    "reason": _is(_TEXT_OR_NULL, "Why it is unreadable or not graded."),
    "score": {"type": ["number", "null"], "description": "The sum; null where not graded."},
    "max_score": _is(_NUMBER, "The sum of all points."),
    "seed": {"type": "integer", "description": "The seed of all drawn inputs."},
    "exercises": _each(_EXERCISE, "The exercises, in the order of the notebook."),
    "notes": _is(_TEXTS, "What the student should know of the file."),
    "flags": _is(_TEXTS, "What an instructor should look at; never scores."),
    "sandbox": {**_SANDBOX, "description": "The walls around student code."},
    "environment": {"type": "object", "description": "Versions, and the device."},
    "graded_at": _is(_TEXT, "When it was graded, in ISO 8601."),
    "seconds": _is(_NUMBER, "How long grading took."),
}

"""The published schema of result files says what is written, and what is accepted."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from autograder import __version__
from autograder.errors import UsageError
from autograder.model import HandedIn
from autograder.report.results import from_dict, to_dict
from autograder.report.schema import result_schema
from tests.report.factory import check, exercise, mixed, not_graded, report, unreadable

FULL = replace(
    mixed(notes=("a note",), flags=("a flag",)),
    exercises=(exercise(checks=(check(keeps=0.0, about="dtype"),)),),
    handed_in=HandedIn(
        *("2026-11-02", True, "A", "its folder", "the newest", ("old.ipynb",), ("f",)),
        *("moodle", "4711"),
    ),
)
VALIDATOR = Draft202012Validator(result_schema())


def parts(value: Any, schema: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, Any, Any]]:
    """Each object of a result with its schema and its place."""
    if "properties" in schema:
        yield value, schema, path
        for name, inner in schema["properties"].items():
            if name in value:
                yield from parts(value[name], inner, (*path, name))
    elif "properties" in schema.get("items", {}):
        for place, item in enumerate(value):
            yield from parts(item, schema["items"], (*path, place))


def at(data: Any, path: tuple[Any, ...]) -> Any:
    """The part of a result at a place."""
    for step in path:
        data = data[step]
    return data


def agree(data: Any) -> bool:
    """Whether the schema and the reader say the same of a result."""
    try:
        from_dict(copy.deepcopy(data))
    except UsageError:
        return not VALIDATOR.is_valid(data)
    return VALIDATOR.is_valid(data)


def test_it_is_a_schema() -> None:
    """It follows JSON Schema 2020-12."""
    Draft202012Validator.check_schema(result_schema())


@pytest.mark.parametrize("one", [FULL, report(), mixed(), not_graded(), unreadable()])
def test_what_is_written_is_valid(one: Any) -> None:
    """Every kind of report is written as the schema says."""
    assert list(VALIDATOR.iter_errors(json.loads(json.dumps(to_dict(one))))) == []


def test_every_field_that_is_written_is_described() -> None:
    """No field is missing in the schema, and it has none that is never written."""
    for value, schema, path in parts(to_dict(FULL), result_schema()):
        assert set(value) == set(schema["properties"]), path
        assert all(field["description"] for field in schema["properties"].values()), path


def test_the_reader_asks_for_the_same_fields() -> None:
    """Without a field, or with a list in its place, the schema and the reader decide alike."""
    for value, _, path in list(parts(to_dict(FULL), result_schema())):
        for name in value:
            without, changed = to_dict(FULL), to_dict(FULL)
            del at(without, path)[name]
            at(changed, path)[name] = [[]]
            assert agree(without), (*path, name)
            assert agree(changed), (*path, name)


@pytest.mark.slow
def test_results_of_the_sample_class_are_valid(tmp_path: Path) -> None:
    """What grade writes of real notebooks, good and bad ones, is as the schema says."""
    from tests.conftest import autograder

    people = [f"samples/{name}" for name in ("ada", "chen", "fatima", "rosa")]
    done = autograder("grade", *people, "--assignment", "a1_layers", "--out", str(tmp_path))
    written = [json.loads(path.read_text()) for path in tmp_path.glob("*/*.json")]
    assert len(written) == len(people), done.stderr
    assert [list(VALIDATOR.iter_errors(one)) for one in written] == [[]] * len(people)
    assert {one["environment"]["autograder"] for one in written} == {__version__}
